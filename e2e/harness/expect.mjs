// Assertions that many tests share.
import assert from 'node:assert/strict';

/**
 * Asserts that an object has exactly these keys.
 *
 * @param {object | null | undefined} object
 * @param {Iterable<string>} keys
 * @param {string} [what]
 */
export function assertKeys(object, keys, what = 'payload') {
  assert.deepEqual(Object.keys(object ?? {}).sort(), [...keys].sort(), what);
}

/**
 * Asserts that `names` occur in this order in a list of events. Others may stand between.
 *
 * @param {string[]} events
 * @param {string[]} names
 */
export function assertOrder(events, names) {
  let at = -1;
  for (const name of names) {
    at = events.indexOf(name, at + 1);
    assert.notEqual(at, -1, `${names.join(' → ')} in ${events.join(', ')}`);
  }
}

/**
 * Asserts that a room_error came, and that it says something.
 *
 * @param {import('./connection.mjs').Connection} connection
 * @param {number} [from] a mark
 * @returns {Promise<string>} its sentence
 */
export async function assertRefused(connection, from) {
  const error = await connection.waitFor('room_error', () => true, { from });
  assertKeys(error, ['message']);
  assert.equal(typeof error.message, 'string');
  assert.ok(error.message.length > 5, error.message);
  return error.message;
}
