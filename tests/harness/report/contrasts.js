// The contrast of each text that can be seen with what is behind it, as WCAG 2 defines it.

const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
const bright = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const parse = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const colour = parse(getComputedStyle(e).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255, 255];
};
const found = [];
for (const e of document.body.querySelectorAll('*')) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || e.closest('script, style') || !e.getClientRects().length) continue;
  const style = getComputedStyle(e);
  const text = bright(parse(e.closest('svg') ? style.fill : style.color));
  const back = bright(behind(e));
  const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
  found.push([ratio, e.outerHTML.slice(0, 80)]);
}
return found;
