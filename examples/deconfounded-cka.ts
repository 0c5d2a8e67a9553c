import { compile, item, type Tensor } from 'cotangent';
import { cka, deconfoundedCka } from 'cotangent/diagnostics';
import { key, normal } from 'cotangent/random';

const inputs = normal(key(0), [50, 10]);
const compare = compile((x: Tensor, a: Tensor, b: Tensor) => {
  const [first, second] = [x.matmul(a).relu(), x.matmul(b).relu()]; // layers of two random nets
  return { plain: cka(first, second), deconfounded: deconfoundedCka(first, second, x).value };
});
const { plain, deconfounded } = await compare(inputs, normal(key(1), [10, 64]), normal(key(2), [10, 64]));
console.log('CKA', item(plain), 'deconfounded', item(deconfounded));
