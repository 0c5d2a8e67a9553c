import type { Command } from 'commander';
import { catalogue, claimOf, documentationOf, findPaper, type Option, type Paper } from '../papers/index.js';
import { showEffect, showNumber } from '../papers/summary.js';

interface Filters {
  readonly kind?: string;
  readonly task?: string;
  readonly text?: string;
  readonly implemented?: boolean;
  readonly json?: boolean;
}

/** Adds `cotangent papers`. */
export function addPapersCommand(program: Command): void {
  program
    .command('papers')
    .argument('[slug]', 'everything about one paper')
    .description('list the papers of the catalogue, or show one')
    .option('--kind <kind>', 'only papers that bring this: loss, optimizer, metric, ...')
    .option('--task <task>', 'only papers whose tasks, or the family of tasks, contain this')
    .option('--text <text>', 'only papers whose slug, title, source or exports contain this')
    .option('--implemented', 'only papers that are implemented')
    .option('--json', 'as JSON: an array, of one for one paper')
    .action(async (slug: string | undefined, filters: Filters) => {
      if (slug !== undefined) {
        const paper = await findPaper(slug);
        console.log(filters.json ? JSON.stringify([shownAsJson(paper)], null, 2) : await page(paper));
        return;
      }
      const whole = await catalogue();
      const papers = whole.filter((paper) => matches(paper, filters));
      if (papers.length === 0 && !filters.json) {
        const [kinds, families] = [distinct(whole.flatMap((p) => p.kinds)), distinct(whole.map((p) => p.family))];
        console.log(`No paper of the catalogue matches.\nkinds: ${kinds}\nfamilies of tasks: ${families}`);
        return;
      }
      console.log(filters.json ? JSON.stringify(papers.map(shownAsJson), null, 2) : table(papers));
    });
}

const distinct = (names: readonly string[]) => [...new Set(names)].sort().join('; ');

function matches(paper: Paper, { kind, task, text, implemented }: Filters): boolean {
  const contains = (where: readonly string[], what: string | undefined) =>
    what === undefined || where.some((entry) => entry.toLowerCase().includes(what.toLowerCase()));
  return (
    contains(paper.kinds, kind) &&
    contains([...paper.tasks, paper.family], task) &&
    contains([paper.slug, paper.title, paper.source, ...paper.exports], text) &&
    (!implemented || paper.implemented)
  );
}

function shownAsJson({ slug, title, source, kinds, exports, implemented, claim }: Paper) {
  return { slug, title, source, kinds, exports, implemented, claim };
}

function status({ implemented, exports, claim }: Paper): string {
  if (!implemented) return exports.length > 0 ? 'part' : '-';
  return claim?.last ? (claim.last.held ? 'held' : 'not held') : 'yes';
}

/** A line a paper, as wide as the terminal. */
function table(papers: readonly Paper[]): string {
  const rows = papers.map((paper) => [paper.slug, status(paper), paper.kinds.join(', '), paper.title]);
  const head = ['slug', 'here', 'kinds', 'title'];
  const widths = head.map((name, i) => Math.min(34, Math.max(name.length, ...rows.map((row) => row[i].length))));
  const cut = (text: string, width: number) => (text.length > width ? `${text.slice(0, width - 1)}…` : text);
  const columns = process.stdout.columns ?? 140;
  const line = (row: readonly string[]) =>
    cut(row.map((cell, i) => (i === 3 ? cell : cut(cell, widths[i]).padEnd(widths[i]))).join('  '), columns);
  const implemented = papers.filter((paper) => paper.implemented).length;
  const note = `${papers.length} ${papers.length === 1 ? 'paper' : 'papers'}, ${implemented} implemented ("here": whether the claim held when it was measured last)`;
  return [line(head), ...rows.map(line), '', note].join('\n');
}

function shownOption({ name, type, required, text }: Option): string {
  const about = [type.length > 80 ? '' : type, required ? 'required' : ''].filter(Boolean).join(', ');
  return `  ${name}${about && ` (${about})`}${text && `: ${text}`}`;
}

async function page(paper: Paper): Promise<string> {
  const parts = [
    `${paper.title}\n${paper.source}${paper.arxiv ? `, https://arxiv.org/abs/${paper.arxiv}` : ''}`,
    `kinds: ${paper.kinds.join(', ')}\ntasks: ${paper.tasks.join(', ')}\nfamily: ${paper.family}`,
  ];
  if (paper.exports.length === 0) parts.push('Not implemented yet.');
  let shownOptions = '';
  for (const name of paper.exports) {
    const { file, text, options } = await documentationOf(name);
    const [subpath, member] = name.split('.');
    const heading = `${member} from cotangent/${subpath} (src/${file})`;
    // Functions of one family often share their options.
    const own = options.map(shownOption).join('\n');
    const list = own === '' ? '' : own === shownOptions ? '\n\noptions: as above' : `\n\noptions:\n${own}`;
    shownOptions = own || shownOptions;
    parts.push(`${heading}\n${'-'.repeat(heading.length)}\n${text}${list}`);
  }
  if (paper.example) parts.push(`example:\n${paper.example.trimEnd().replace(/^(?=.)/gm, '  ')}`);
  if (paper.claim) {
    const { statement, effect, unit, threshold } = await claimOf(paper.slug);
    const { last } = paper.claim;
    parts.push(
      [
        `claim: ${statement}`,
        `measured is the ${effect} (${unit}); it counts from ${showNumber(threshold)} on`,
        last
          ? `last result: ${last.held ? 'held' : 'NOT held'}, ${showEffect(last)} over ${last.seeds} seeds, ${last.seconds.toFixed(0)} s of processor time`
          : 'not measured yet',
        `measure it: cotangent reproduce ${paper.slug}`,
      ].join('\n'),
    );
  }
  return parts.join('\n\n');
}
