import { permutationImportance } from '../../diagnostics/index.js';
import type { Key } from '../../runtime/random/index.js';
import type { NDArray } from '../../tensor/index.js';
import { barChart } from '../pages/charts.js';
import type { RunRecord } from '../pages/report.js';

type Section = NonNullable<RunRecord['sections']>[number];

/** What the columns of a table are worth to a model, as a section of a page. @param evaluate an error, which columns out of order make larger. */
export async function importanceSection(
  { features, columns }: { readonly features: NDArray<'float32'>; readonly columns: readonly string[] },
  evaluate: (features: NDArray<'float32'>) => Promise<number>,
  { key, error }: { readonly key: Key; readonly error: string },
): Promise<Section> {
  const importances = await permutationImportance(features, evaluate, { key });
  const bars = columns.map((name, j) => ({ name, value: importances[j] })).sort((a, b) => b.value - a.value);
  const chart = barChart(bars, { title: 'What each column is worth', x: `growth of the ${error}` });
  return {
    heading: 'What each column is worth',
    body: `<p>By how much the ${error} of the test set grows where the numbers of one column are in random order, mean of 5 orders. Columns that say the same may each seem worth little.</p><div class="charts"><figure>${chart}</figure></div>`,
  };
}
