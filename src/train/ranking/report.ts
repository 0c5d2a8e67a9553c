import { ndarray } from '../../tensor/index.js';
import { equalLooks, lineChart } from '../pages/charts.js';
import { percent } from '../pages/html.js';
import type { RunRecord } from '../pages/report.js';
import { meanNdcg, ndcgOfLists, ordered, type Ranking } from './measures.js';

/** How many lists a report shows. */
const shownLists = 16;

/** What a report shows of a ranking: NDCG by how far down it is looked, and lists as they were ranked. */
export function rankingSections(ranking: Ranking): NonNullable<RunRecord['sections']> {
  const longest = Math.max(...ordered(ranking).map((list) => list.length));
  const ranks = Array.from({ length: Math.min(20, longest) }, (_, i) => i + 1);
  const backwards = {
    ...ranking,
    scores: ndarray(
      Float32Array.from(ranking.scores.data as Float32Array, (s) => -s),
      { shape: ranking.scores.shape },
    ),
  };
  const curve = (of: Ranking) => ranks.map((k) => ({ x: k, y: meanNdcg(of, k) }));
  const chart = lineChart(
    [
      { name: 'as ranked', points: curve(ranking), markers: true },
      { name: 'in the opposite order', points: curve(backwards) },
    ],
    {
      title: 'NDCG of the test set by the ranks that count',
      x: 'ranks that count (k)',
      y: 'mean NDCG at k',
      yDomain: [0, 1],
      looks: equalLooks,
    },
  );
  return [
    { heading: 'NDCG by rank', body: `<div class="charts"><figure>${chart}</figure></div>` },
    { heading: 'Lists as ranked', body: listTable(ranking) },
  ];
}

/** Lists from the worst to the best, evenly taken: a row each, the grades of its items from the first rank on. */
function listTable(ranking: Ranking): string {
  const [lists, values] = [ordered(ranking), ndcgOfLists(ranking)];
  const most = Math.max(1, ...lists.flat());
  const byValue = lists
    .map((_, q) => q)
    .filter((q) => !Number.isNaN(values[q]))
    .sort((a, b) => values[a] - values[b]);
  const every = Math.max(1, Math.ceil(byValue.length / shownLists));
  const rows = byValue
    .filter((_, i) => i % every === 0 || i === byValue.length - 1)
    .map((q) => {
      const cells = lists[q].slice(0, 20).map((grade) => {
        const shade = (0.55 * grade) / most;
        return `<td${grade > 0 ? ` style="background:rgba(27,79,114,${shade.toFixed(2)})"` : ''}>${grade}</td>`;
      });
      return `<tr><th scope="row">query ${q}</th><td>${percent(values[q], 1)}</td>${cells.join('')}</tr>`;
    });
  return `<p>Queries of the test set from the worst to the best, a row each: the grades of their items in the order of the scores, first ranks left, at most 20. NDCG is of whole lists; in lists without a grade above 0 nothing can be found, they are left out.</p>
<div class="wide"><table><thead><tr><th scope="col">query</th><th scope="col">NDCG</th><th scope="col" colspan="20">grades by rank</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}
