import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OptionDefaults } from 'typedoc';

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { exports } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
/** The source of each subpath that is exported: ./dist/nn/index.js is src/nn/index.ts. */
const sources = Object.values(exports).flatMap((target) =>
  target.default ? [target.default.replace('./dist', 'src').replace(/\.js$/, '.ts')] : [],
);

/** The reference of all that the package exports, with README.md and docs; a link that leads nowhere is an error, and parameters that are none are named. */
export default {
  name: 'Cotangent',
  entryPoints: sources.map(at),
  tsconfig: at('tsconfig.build.json'),
  readme: at('README.md'),
  projectDocuments: [at('docs/*.md')],
  out: at('reference'),
  disableSources: true,
  sort: ['alphabetical'],
  groupOrder: ['Documents', 'Modules', 'Functions', 'Variables', 'Classes', '*'],
  highlightLanguages: [...OptionDefaults.highlightLanguages, 'python'],
  // What the generated sources of ONNX's messages say of themselves.
  blockTags: [...OptionDefaults.blockTags, '@generated'],
  excludeTags: ['@generated'],
  // Types that only hold signatures together are shown by name.
  validation: { invalidLink: true, invalidPath: true, rewrittenLink: true, notExported: false },
  treatValidationWarningsAsErrors: true,
};
