// Forced colours: the system paints every background alike, and what was told by a background alone is gone.

/** Shapes that have to be told from what is around them, each with its part that is painted. */
const shapes = [
  ['.message-content:not(.emoji)'], ['.avatar'], ['.typing .dots'], ['.dots span'], ['.connection', '::before'], ['.votes li'],
  ['input[role=switch]', '::before'], ['input[role=switch]:not(:checked)', '::after'], ['.notice'], ['.invitation'], ['button'], ['.field'], ['dialog'],
  ['.or', '::before'], ['#qr'],
];

/** The shapes and buttons that cannot be told from what is around them when the system gives the colours, one line each. */
export async function edgeProblems({ page }) {
  const filled = await page.evaluateHandle(filledButtons);
  await page.emulateMedia({ forcedColors: 'active' });
  const problems = [...await page.evaluate(inspect, shapes), ...await filled.evaluate(alike)];
  await page.emulateMedia({ forcedColors: 'none' });
  return problems;
}

// Runs in the page, with the page's own colours.
function filledButtons() {
  const probe = document.body.appendChild(document.createElement('span'));
  probe.style.background = 'var(--fill)';
  const fill = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return [...document.querySelectorAll('button, .button')].filter((e) => e.checkVisibility() && getComputedStyle(e).backgroundColor === fill);
}

// Runs in the page, with the system's colours: a button that stands out is not painted as all the others.
function alike(filled) {
  const plain = document.body.appendChild(document.createElement('button'));
  const { backgroundColor } = getComputedStyle(plain);
  plain.remove();
  return filled.filter((e) => getComputedStyle(e).backgroundColor === backgroundColor)
    .map((e) => `${e.localName}#${e.id}.${e.className} does not stand out`);
}

// Runs in the page.
function inspect(all) {
  const canvas = getComputedStyle(document.body).backgroundColor;
  const isEdge = (style) => ['Top', 'Bottom'].some((side) => parseFloat(style[`border${side}Width`]) > 0
    && style[`border${side}Style`] !== 'none' && style[`border${side}Color`] !== canvas);
  const isPaint = (style) => style.backgroundColor !== canvas && !/^rgba\(.* 0\)$|^transparent$/.test(style.backgroundColor);
  const unseen = (element) => !element.checkVisibility({ visibilityProperty: true }) || getComputedStyle(element).clipPath === 'inset(50%)';
  const problems = [];
  for (const [selector, part] of all) {
    for (const element of document.querySelectorAll(selector)) {
      const style = getComputedStyle(element, part);
      if (unseen(element) || isEdge(style) || isPaint(style)) continue;
      problems.push(`${element.localName}.${element.className}${part ?? ''} has no edge`);
    }
  }
  const [own, others] = ['.sent', '.received'].map((selector) => document.querySelector(`${selector} > .message-content:not(.emoji)`));
  if (own && others && getComputedStyle(own).borderTopColor === getComputedStyle(others).borderTopColor) {
    problems.push('own messages have the same edge as those of others');
  }
  return problems;
}
