/** An id that nobody else has: 32 hexadecimal digits. */
export function newId() {
  // crypto.randomUUID is there with HTTPS only.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
