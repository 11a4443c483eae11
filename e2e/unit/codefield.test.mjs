import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeIn, invitedTo, isCode, keepCode } from '../../static/js/entry/codefield.js';
import { lookupIn, pastedLookup } from '../../static/js/entry/invitation.js';

describe('the code in what people paste', () => {
  for (const [pasted, code] of [
    ['123456', '123456'],
    ['123 456', '123456'],
    ['123-456', '123456'],
    ['123\u00a0456', '123456'],
    ['123–456', '123456'],
    ['１２３４５６', '123456'],
    ['١٢٣٤٥٦', '123456'],
    ['۱۲۳ ۴۵۶', '123456'],
    ['१२३४५६', '123456'],
    ['๑๒๓๔๕๖', '123456'],
    ['𞥑𞥒𞥓𞥔𞥕𞥖', '123456'],
    ['𝟗𝟘𝟡𝟬𝟿𝟎', '909090'],
    ['الرمز هو ١٢٣٤٥٦', '123456'],
    ['\u200f١٢٣٤٥٦\u200e', '123456'],
    ['一二三四五六', ''],
    ['1 2 3 4 5 6', '123456'],
    ['  123456\n', '123456'],
    ['https://chat.example:8443/#123456', '123456'],
    ['http://10.0.0.1:5000/#123456 – come in!', '123456'],
    ['Call 0761, the code is 123 456.', '123456'],
    ['12345678', '123456'],
    ['12a', '12'],
    ['no code', ''],
    ['', ''],
  ]) {
    test(JSON.stringify(pasted), () => assert.equal(codeIn(pasted), code));
  }
});

test('a code has six digits', () => {
  for (const [text, is] of [['123456', true], ['12345', false], ['1234567', false], ['12345a', false], ['', false]]) assert.equal(isCode(text), is, text);
});

test('an invite link is an address with a code as its fragment', () => {
  assert.equal(invitedTo('#123456'), '123456');
  for (const fragment of ['', '#', '#12345', '#1234567', '#12345a', '#code', '#a123456']) assert.equal(invitedTo(fragment), null, fragment);
});

const lookup = 'jLx3Zk0mQ2y-7_PvTnB1sA';

test('an invite link is an address with an invitation as its fragment', () => {
  for (const fragment of [`#${lookup}`, `#${lookup}.`, `#${lookup}.${lookup}`, `#${lookup}.a.b`]) assert.equal(lookupIn(fragment), lookup, fragment);
  for (const fragment of [
    '', '#', '#123456', lookup, `#${lookup.slice(1)}`, `#x${lookup}`, `#${lookup}x`, `#${lookup}-`, `#${lookup}/`, `##${lookup}`, `#.${lookup}`, `#${lookup}\n`,
    `#${lookup.slice(0, 21)}B`, `#${lookup.slice(0, 21)}=`, `#${lookup.slice(0, 20)}+A`, '#what-the-operator-sees', '#:~:text=a-text-of-the-page-A',
  ]) assert.equal(lookupIn(fragment), null, fragment);
});

// Messengers leave signs at the end of a link out of it. A lookup ends with a letter.
test('an invite link is found in what people paste', () => {
  for (const pasted of [
    `https://chat.example/#${lookup}`, ` https://chat.example/#${lookup}\n`, `Join me: https://chat.example:8443/#${lookup}.`, `(http://10.0.0.1:5000/#${lookup})`,
    `https://chat.example/#${lookup}.${lookup}`, `12https://chat.example/#${lookup}, come in!`,
  ]) assert.equal(pastedLookup(pasted), lookup, pasted);
  for (const pasted of ['', lookup, `https://chat.example/#${lookup.slice(1)}`, `https://chat.example/#${lookup}A`, 'https://chat.example/#123456', '123456']) {
    assert.equal(pastedLookup(pasted), null, pasted);
  }
});

const never = () => assert.fail('there was no invitation');

describe('the field of the code', () => {
  // A field as keepCode sees one, and what a browser does to it.
  const makeField = () => Object.assign(new EventTarget(), {
    value: '', selectionStart: 0, selectionEnd: 0,
    fire(type, properties = {}) {
      return this.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), properties));
    },
    press(data) {
      if (!this.fire('beforeinput', { inputType: 'insertText', data })) return;
      this.put(this.value + data);
      this.fire('input', { isComposing: false });
    },
    put(value) {
      this.value = value;
      this.selectionStart = this.selectionEnd = value.length;
    },
  });

  for (const typed of ['123456', '١٢٣٤٥٦', '१२३४५६', '𞥑𞥒𞥓𞥔𞥕𞥖']) {
    test(`takes ${typed} from keys, and nothing else`, () => {
      const field = makeField();
      keepCode(field, never, never);
      for (const key of [...typed].flatMap((digit) => ['x', digit, '-'])) field.press(key);
      field.press([...typed][0]);
      assert.equal(field.value, '123456');
    });
  }

  for (const composed of ['１２３４５６', '١٢٣٤٥٦']) {
    test(`takes ${composed} from an input method, when it is done`, () => {
      const field = makeField();
      keepCode(field, never, never);
      for (let end = 1; end <= composed.length; end += 1) {
        const data = composed.slice(0, end);
        assert.ok(field.fire('beforeinput', { inputType: 'insertCompositionText', data }));
        field.put(data);
        field.fire('input', { isComposing: true });
        assert.equal(field.value, data, 'it was disturbed while it composed');
      }
      field.fire('compositionend');
      assert.equal(field.value, '123456');
    });
  }

  test('takes no digits from an invite link, and hands it on', () => {
    const field = makeField();
    const given = [];
    keepCode(field, (each) => given.push([each, field.value]), never);
    field.put(`12https://chat.example/#${lookup}`);
    field.fire('input', { isComposing: false });
    assert.deepEqual(given, [[lookup, '']]);
    field.press('1');
    assert.equal(field.value, '1');
  });

  test('takes no digits from a broken invite link, and tells of it', () => {
    const field = makeField();
    let told = 0;
    keepCode(field, never, () => { told += 1; });
    for (const [pasted, value, times] of [
      [`https://chat.example/#${lookup.slice(1)}`, '', 1], [`12 #${lookup.slice(0, 8)}`, '', 2],
      ['#1234567', '123456', 2], ['#goldfish: 123 456', '123456', 2], ['https://chat.example/#123456', '123456', 2],
      ['http://192.168.1.20:5000/#kYbQzAbCdEf', '', 3], ['http://127.0.0.1:5987/#kY2bQz9bCdEf', '', 4], ['https://chat.example/#k1Y2b3x4Q5z6', '', 5],
      ['https://chat.example/#ab-123456xyz', '', 6], ['https://chat.example/#123456xyz', '', 7], ['Chat am 27.11.2026: https://chat.example/#kYbQzAbCdEf', '', 8],
      ['Code 123-456, or https://chat.example:8443/#kYbQzAbCdEf', '123456', 8], ['http://192.168.1.20:5000/', '', 8],
    ]) {
      field.put(pasted);
      field.fire('input', { isComposing: false });
      assert.deepEqual([field.value, told], [value, times], pasted);
    }
  });
});
