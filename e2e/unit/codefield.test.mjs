import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeIn, invitedTo, isCode } from '../../static/js/codefield.js';

describe('the code in what people paste', () => {
  for (const [pasted, code] of [
    ['123456', '123456'],
    ['123 456', '123456'],
    ['123-456', '123456'],
    ['123\u00a0456', '123456'],
    ['123–456', '123456'],
    ['１２３４５６', '123456'],
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
