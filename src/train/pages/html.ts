/** Text as it may stand in markup. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

export const percent = (share: number, digits = 2) => `${(100 * share).toFixed(digits)}%`;

export function section(heading: string, body: string): string {
  return `<section>\n<h2>${heading}</h2>\n${body}\n</section>`;
}

/** A setting as it is given: a choice as `name:option=value`, several of them one after the other, text as it is, anything else as JSON. */
export function showSetting(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'name' in value && 'options' in value) {
    const { name, options } = value as { name: string; options: Record<string, unknown> };
    const list = Object.entries(options).map(([key, option]) => `${key}=${showSetting(option)}`);
    return list.length > 0 ? `${name}:${list.join(',')}` : name;
  }
  const isList = Array.isArray(value) && value.every((entry) => typeof entry === 'object');
  if (isList) return value.length > 0 ? value.map(showSetting).join(', ') : 'none';
  return JSON.stringify(value);
}

/** A page that needs nothing else. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const style = `
body { margin: 0; background: white; color: #222; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; }
.summary { margin: .2rem 0 1.2rem; } .summary b { font-size: 1.3rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 1rem 2rem; margin-top: 1.8rem; }
figure { margin: 0; } .charts figcaption { font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .2rem 0; font-size: .85rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: right; border: 1px solid #ddd; }
thead th { background: #f4f4f4; } .zero { color: #bbb; } .total { color: #666; } .wide { overflow-x: auto; }
.config th, .config td { text-align: left; font-weight: normal; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(92px, 1fr)); gap: .7rem; }
.gallery img { width: 100%; image-rendering: pixelated; border: 2px solid #ccc; box-sizing: border-box; }
.neighbours figure { width: 72px; } .neighbours th figure { margin-right: .6rem; } .neighbours td, .neighbours th { border: 0; padding: .15rem; text-align: center; font-weight: normal; }
.neighbours img { width: 100%; image-rendering: pixelated; border: 2px solid #ccc; box-sizing: border-box; } .neighbours .wrong img { border: 3px dashed #b03a2e; }
.neighbours figcaption { font-size: .75rem; white-space: nowrap; }
.gallery .wrong img { border: 3px dashed #b03a2e; } .gallery figcaption { font-size: .8rem; } small { color: #666; }
.pictures th, .pictures td { border: 0; padding: .15rem .3rem; text-align: center; } .pictures img, .samples img { width: 84px; image-rendering: pixelated; border: 1px solid #ccc; }
.samples { display: flex; flex-wrap: wrap; gap: .3rem; }
.marked { width: 100%; display: block; background: white; border: 2px solid #ccc; box-sizing: border-box; font-family: system-ui, sans-serif; } .marked image { image-rendering: pixelated; } .wrong .marked { border: 3px dashed #b03a2e; }
.pictures .marked { width: 144px; } .gallery.scenes { grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); } .gallery.strings { grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); }
@media print { main { max-width: none; padding: 0; } section { break-inside: avoid; } }
`;
