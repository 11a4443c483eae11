// These rules hold for the layout of every page at every size.

/** The problems of the layout of the page as it is now, one line each. */
export function layoutProblems({ page }) {
  return page.evaluate(inspect);
}

// Runs in the page, and so may use nothing from outside.
function inspect() {
  const smallest = 24; // CSS pixels that a target has at least each way, by WCAG 2.2
  const comfortable = 44; // and high if it is one of those that everything depends on
  const readable = 60; // of the conversation have to be in sight
  const nameable = 7; // times the size of text are left of a name at least
  const lonely = 0.25; // of the widest line of a text, and shorter, is a last line that looks like a mistake
  const slack = 1; // pixels that rounding may cost
  const controlSelector = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]';
  const primarySelector = '.primary, button[type=submit], #message-input, #join-requests-container button, dialog button, input';

  const problems = [];
  const root = document.documentElement;
  const visible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  // For screen readers alone: clipped to nothing.
  const unseen = (element) => {
    for (let e = element; e; e = e.parentElement) if (getComputedStyle(e).clipPath === 'inset(50%)') return true;
    return false;
  };
  const name = (element) => {
    const text = (element.getAttribute('aria-label') ?? element.textContent).trim().replace(/\s+/g, ' ').slice(0, 30);
    return `${element.localName}${element.id && `#${element.id}`}${[...element.classList].map((c) => `.${c}`).join('')} "${text}"`;
  };
  // Three dots say that there is more, which the page shows elsewhere.
  const isShortened = (element) => getComputedStyle(element).textOverflow === 'ellipsis';
  const scrolls = (element) => /auto|scroll/.test(getComputedStyle(element).overflowY);
  const scroller = (element) => {
    let e = element.parentElement;
    while (e && e !== document.body && !scrolls(e)) e = e.parentElement;
    return e && e !== document.body ? e : null;
  };
  // The box of an element as far as it is to be seen, without the parts that are scrolled out of sight.
  const seen = (element, box = element.getBoundingClientRect()) => {
    let { left, top, right, bottom } = box;
    for (let around = scroller(element); around; around = scroller(around)) {
      const frame = around.getBoundingClientRect();
      [left, top] = [Math.max(left, frame.left), Math.max(top, frame.top)];
      [right, bottom] = [Math.min(right, frame.right), Math.min(bottom, frame.bottom)];
    }
    return { left, top, right, bottom, width: right - left, height: bottom - top };
  };
  const empty = ({ width, height }) => width <= slack || height <= slack;
  const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;
  const pairs = (list) => list.flatMap((a, i) => list.slice(i + 1).map((b) => [a, b]));

  const all = [...document.body.querySelectorAll('*')].filter((e) => visible(e) && !unseen(e));
  const dialog = document.querySelector('dialog:modal, :popover-open');
  const controls = all.filter((e) => e.matches(controlSelector) && !e.closest('[inert]') && (!dialog || dialog.contains(e)));

  function nothingSticksOut() {
    if (root.scrollWidth > root.clientWidth) problems.push(`the page is ${root.scrollWidth} px wide in a window of ${root.clientWidth}`);
    const out = (element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (left < -slack || right > innerWidth + slack);
    };
    for (const element of all.filter((e) => out(e) && !(e.parentElement && isShortened(e.parentElement)))) {
      if ([...element.children].some(out)) continue; // which take it along
      const { left, right } = element.getBoundingClientRect();
      problems.push(`${name(element)} sticks out: ${left} to ${right}`);
    }
  }

  function nothingIsCut() {
    for (const element of all) {
      const style = getComputedStyle(element);
      if (style.display === 'inline') continue;
      const hides = (overflow) => overflow === 'hidden' || overflow === 'clip';
      const isControl = element.matches('button, a, label');
      if (isShortened(element)) continue;
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element;
      if (scrollWidth > clientWidth + slack && (isControl || hides(style.overflowX))) problems.push(`${name(element)} is cut: ${scrollWidth} px of content in ${clientWidth}`);
      if (scrollHeight > clientHeight + slack && (isControl || hides(style.overflowY))) problems.push(`${name(element)} is cut: ${scrollHeight} px of content in a height of ${clientHeight}`);
    }
    // With large text an example may be cut: the label says what is wanted.
    if (parseFloat(getComputedStyle(root).fontSize) > 16) return;
    const pen = document.createElement('canvas').getContext('2d');
    for (const input of all.filter((e) => e.matches('input[placeholder]'))) {
      const style = getComputedStyle(input);
      pen.font = style.font;
      pen.letterSpacing = style.letterSpacing;
      const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const { width } = pen.measureText(input.placeholder);
      if (width > room + slack) problems.push(`the placeholder "${input.placeholder}" is cut: ${Math.ceil(width)} px in ${Math.floor(room)}`);
    }
  }

  function namesAndCodesCanBeRead() {
    const rem = parseFloat(getComputedStyle(root).fontSize);
    for (const strong of all.filter((e) => e.matches('.notification-content strong'))) {
      const { scrollWidth, clientWidth } = strong.parentElement;
      if (scrollWidth > clientWidth && clientWidth < nameable * rem) problems.push(`${name(strong)} has ${clientWidth} px, which tell nobody apart`);
    }
    for (const card of all.filter((e) => e.matches('.join-request-notification'))) {
      const [strong, button] = [card.querySelector('strong'), card.querySelector('.notification-button:not([hidden])')];
      if (!visible(strong) || !visible(button)) continue;
      const beside = button.getBoundingClientRect().top < card.querySelector('.notification-content').getBoundingClientRect().bottom - slack;
      if (beside && isBroken(strong)) problems.push(`${name(strong)} is broken within a word, beside its buttons`);
    }
    for (const count of all.filter((e) => e.matches('#count'))) {
      if (/^\d+$/.test(count.textContent)) problems.push(`${name(count)} does not say what it counts`);
    }
    for (const code of all.filter((e) => e.matches('.big-code'))) {
      const lines = new Set([...code.children].map((digit) => digit.getBoundingClientRect().top));
      if (lines.size > 1) problems.push(`${name(code)} is broken into ${lines.size} lines`);
    }
  }

  /** Whether a word of an element's only text is on two lines. */
  function isBroken({ firstChild: text }) {
    const range = document.createRange();
    return [...text.data.matchAll(/[^\s-]+-?/g)].some(({ 0: word, index }) => {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      return range.getClientRects().length > 1;
    });
  }

  function answersAreWhole() {
    for (const button of all.filter((e) => e.matches('.current:not(.troubled) .notification-button'))) {
      const { height } = button.getBoundingClientRect();
      if (seen(button).height < height - slack) problems.push(`${name(button)} is cut off: ${seen(button).height} of ${height} px are in sight`);
    }
  }

  function messagesUseTheirRoom() {
    const chat = document.querySelector('#chat');
    for (const bubble of all.filter((e) => e.matches('.message-content') && !e.textContent.includes('\n'))) {
      const { width, height } = bubble.getBoundingClientRect();
      const most = Math.min(chat.clientWidth, 46 * parseFloat(getComputedStyle(root).fontSize));
      if (height > 2 * parseFloat(getComputedStyle(bubble).lineHeight) && width < most * 0.4) problems.push(`${name(bubble)} is broken into lines ${width} px wide`);
    }
    // With large text, or in the narrowest windows, they may need two rows.
    if (parseFloat(getComputedStyle(root).fontSize) > 16 || innerWidth < 360) return;
    for (const state of all.filter((e) => e.matches('.message-state'))) {
      const rows = new Set([...state.querySelectorAll('button')].map((button) => button.getBoundingClientRect().top));
      if (rows.size > 1) problems.push(`${name(state)} has buttons in ${rows.size} rows`);
    }
  }

  function targetsCanBeHit() {
    for (const control of controls) {
      const { width, height } = control.getBoundingClientRect();
      // A link in the middle of a sentence is as high as its line.
      const within = getComputedStyle(control).display === 'inline' && control.parentElement.textContent.trim() !== control.textContent.trim();
      if (!within && Math.min(width, height) < smallest - 0.5) problems.push(`${name(control)} is a small target: ${width} × ${height}`);
      if (control.matches(primarySelector) && height < comfortable - 0.5) problems.push(`${name(control)} is ${height} px high`);

      const part = seen(control, control.getClientRects()[0]);
      const [x, y] = [(part.left + part.right) / 2, (part.top + part.bottom) / 2];
      if (empty(part) || y < 0 || y > innerHeight) continue;
      const hit = document.elementFromPoint(x, y);
      if (!hit || control.contains(hit) || hit.contains(control)) continue;
      // A control in a part that scrolls can be scrolled from below what floats above it.
      if (scroller(control) && !scroller(control).contains(hit)) continue;
      problems.push(`${name(control)} lies under ${name(hit)}`);
    }
    for (const [a, b] of pairs(controls)) {
      const floats = scroller(a) !== scroller(b);
      if (!floats && !a.contains(b) && !b.contains(a) && overlap(seen(a), seen(b))) problems.push(`${name(a)} and ${name(b)} overlap`);
    }
  }

  function partsOfTheRoomKeepApart() {
    const parts = ['#room header', '#join-requests-container', '#chat', '#composer', '#ended']
      .map((selector) => document.querySelector(selector)).filter((e) => e && visible(e));
    for (const [a, b] of pairs(parts)) {
      const boxes = [seen(a), seen(b)];
      if (!boxes.some(empty) && overlap(...boxes)) problems.push(`${name(a)} and ${name(b)} overlap`);
    }
    for (const part of parts.filter((e) => !e.matches('#chat, #join-requests-container'))) {
      const { top, bottom } = part.getBoundingClientRect();
      if (top < -slack || bottom > innerHeight + slack) problems.push(`${name(part)} is out of sight: ${top} to ${bottom}`);
    }
    const chat = parts.find((e) => e.id === 'chat');
    if (chat && chat.clientHeight < readable) problems.push(`${chat.clientHeight} px are left of the conversation`);
  }

  function noticesAreInSight() {
    for (const notice of document.querySelectorAll('noscript > .notice')) {
      if (!visible(notice)) continue;
      const { top, bottom } = notice.getBoundingClientRect();
      if (top < -slack || bottom > innerHeight + slack) problems.push(`${name(notice)} is out of sight: ${top} to ${bottom}`);
    }
  }

  // Cards and columns are wide enough for it, but not for large text or in the smallest windows.
  function noWordIsLeftAlone() {
    if (parseFloat(getComputedStyle(root).fontSize) > 16 || innerWidth < 390) return;
    for (const block of all.filter((e) => e.matches(':is(.start, .sheet) :is(p:not(.countdown), h1, h2, h3, th, td)'))) {
      const range = document.createRange();
      range.selectNodeContents(block);
      const lines = [];
      for (const { top, bottom, left, right } of [...range.getClientRects()].sort((a, b) => a.top - b.top)) {
        const line = lines.at(-1);
        if (!line || top > line.bottom - 2 * slack) lines.push({ bottom, left, right });
        else Object.assign(line, { bottom: Math.max(bottom, line.bottom), left: Math.min(left, line.left), right: Math.max(right, line.right) });
      }
      const widths = lines.map((line) => line.right - line.left);
      if (lines.length > 1 && widths.at(-1) < lonely * Math.max(...widths)) problems.push(`${name(block)} ends with a line of ${Math.round(widths.at(-1))} px`);
    }
  }

  nothingSticksOut();
  nothingIsCut();
  noWordIsLeftAlone();
  namesAndCodesCanBeRead();
  answersAreWhole();
  messagesUseTheirRoom();
  targetsCanBeHit();
  partsOfTheRoomKeepApart();
  noticesAreInSight();
  return problems;
}
