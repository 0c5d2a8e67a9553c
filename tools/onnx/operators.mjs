// Writes the tables of operators of imported models into docs/operators.md: npm run docs:operators
import { readFileSync, writeFileSync } from 'node:fs';
import { withOperatorTables } from '../../dist/import/documentation.js';

const path = new URL('../../docs/operators.md', import.meta.url);
writeFileSync(path, withOperatorTables(readFileSync(path, 'utf8')));
