const digits = 6;

/**
 * The code in what somebody typed or pasted: six digits in any grouping, an invite
 * link, or a sentence with either. Else the digits that are there so far.
 */
export function codeIn(said) {
  // Digits of any script, spaces that do not break.
  const plain = said.normalize('NFKC').replace(/\p{Nd}/gu, valueOf);
  const [, linked] = /#(\d{6})(?!\d)/.exec(plain) ?? [];
  if (linked) return linked;
  const [, first, second] = /(?<!\d)(\d{3})[\s\p{Pd}]?(\d{3})(?!\d)/u.exec(plain) ?? [];
  return first ? first + second : plain.replace(/\D/g, '').slice(0, digits);
}

// Unicode keeps the ten digits of a script together and in order.
function valueOf(digit) {
  const point = digit.codePointAt(0);
  let first = point;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((point - first) % 10);
}

export function isCode(text) {
  return /^\d{6}$/.test(text);
}

/** The code of an invite link, which is the whole fragment of its address; null if it has none. */
export function invitedTo(fragment) {
  return /^#(\d{6})$/.exec(fragment)?.[1] ?? null;
}

/** Leaves nothing but a code in a field, whatever gets into it. */
export function keepCode(input) {
  // A key that has no place there would push out the last digit. More than one character
  // at a time is no key: keyboards of phones insert the clipboard in this way.
  input.addEventListener('beforeinput', (event) => {
    if (event.inputType !== 'insertText' || [...event.data ?? ''].length !== 1) return;
    const full = input.value.length >= digits && input.selectionStart === input.selectionEnd;
    if (full || !/\p{Nd}/u.test(event.data)) event.preventDefault();
  });
  for (const change of ['input', 'compositionend']) {
    input.addEventListener(change, (event) => {
      if (event.isComposing) return;
      const code = codeIn(input.value);
      if (code !== input.value) input.value = code;
    });
  }
}
