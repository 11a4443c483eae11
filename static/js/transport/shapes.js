// The events that the server sends, and the fields that each has to have. TypeScript reads the types of the
// events off the table, so that handlers are given what was looked at here.

/**
 * Reads a value: undefined if it is not what it has to be.
 *
 * @template T
 * @typedef {(value: unknown) => T | undefined} Reader
 */

/** @type {Reader<string>} */
const string = (value) => (typeof value === 'string' ? value : undefined);
/** @type {Reader<boolean>} */
const flag = (value) => (typeof value === 'boolean' ? value : undefined);
/** @type {Reader<number>} */
const number = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
/** @type {Reader<number>} */
const count = (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined);

/**
 * @template T
 * @param {Reader<T>} item
 * @returns {Reader<T[]>}
 */
const list = (item) => (value) => {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(item);
  return items.some((each) => each === undefined) ? undefined : /** @type {T[]} */ (items);
};

/**
 * The fields of an event, as they were read.
 *
 * @template {Record<string, Reader<unknown>>} Needed
 * @template {Record<string, Reader<unknown>>} Possible
 * @typedef {{[K in keyof Needed]: NonNullable<ReturnType<Needed[K]>>} & {[K in keyof Possible]?: ReturnType<Possible[K]>}} Fields
 */

/**
 * Fields that have to be there, and fields that may be missing; one of these that is not what it has
 * to be counts as missing. Others are left out.
 *
 * @template {Record<string, Reader<unknown>>} [Needed={}]
 * @template {Record<string, Reader<unknown>>} [Possible={}]
 * @param {Needed} needed
 * @param {Possible} [possible]
 * @returns {Reader<Fields<Needed, Possible>>}
 */
const fields = (needed, possible) => (value) => {
  const given = value ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) return undefined;
  /** @type {Record<string, unknown>} */
  const read = {};
  for (const [name, reader] of Object.entries({ ...needed, ...possible })) {
    const field = Object.hasOwn(given, name) ? reader(/** @type {Record<string, unknown>} */ (given)[name]) : undefined;
    if (field !== undefined) read[name] = field;
    else if (Object.hasOwn(needed, name)) return undefined;
  }
  return /** @type {Fields<Needed, Possible>} */ (read);
};

const someone = fields({ display_name: string });
const knock = { user_id: string };
const votes = { ...knock, approvals: count, required: count };

const shapes = {
  join_success: fields({}, { count }),
  update_participants: fields({ count }),
  member_joined: someone,
  member_returned: someone,
  member_left: someone,
  message: fields({ content: string, sender: string }, { timestamp: string, id: count, member: string, name: string, at: number, ref: string }),
  notice: fields({ what: string, display_name: string }, { id: count, member: string, by: list(string), at: number, missed: flag }),
  position: string,
  typing: fields({ member: string, display_name: string }),
  members: fields({ members: list(fields({ member: string, display_name: string, present: flag, you: flag }, { arrival: count })) }),
  invite: fields({ lookup: string, lasts: number, hash: string }),
  invites: fields({ hashes: list(string) }),
  code_update: fields({ new_code: string }),
  timer_sync: fields({ time_remaining: number }),
  join_request: fields({ ...knock, user: string }),
  partial_approval: fields(votes),
  request_status: fields({ ...votes, time_remaining: number }),
  request_votes: fields({ ...knock, user: string, yes: list(string), missing: list(string) }, { yes_more: count, missing_more: count, own: flag }),
  join_approved: fields(knock),
  join_denied: fields(knock, { reason: string, code: string }),
  room_status: fields({ exists: flag }, { participant_count: count, expires_in: number }),
  room_expired: fields({}),
  room_error: fields({}, { message: string, ref: string, code: string }),
  pong: fields({}),
};

/** @typedef {{[E in keyof typeof shapes]: NonNullable<ReturnType<(typeof shapes)[E]>>}} Payloads what comes with each event */
/** @typedef {{[E in keyof Payloads]: {event: E, data: Payloads[E]}}[keyof Payloads]} ServerEvent */

/**
 * Reads an event of the server's. It is undefined if this page does not know the event, or
 * lacks what has to be in it.
 *
 * @param {unknown} event
 * @param {unknown} data
 * @returns {ServerEvent | undefined}
 */
export function eventOf(event, data) {
  if (typeof event !== 'string' || !Object.hasOwn(shapes, event)) return undefined;
  const read = shapes[/** @type {keyof typeof shapes} */ (event)](data);
  return read === undefined ? undefined : /** @type {ServerEvent} */ ({ event, data: read });
}
