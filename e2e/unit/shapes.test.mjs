// The page hears what the server says only after it was looked at.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventOf } from '../../static/js/transport/shapes.js';
import { random } from './client.mjs';

// Each event with all its fields, as docs/events.md has them. `may` names those that need not be there.
const events = {
  join_success: { data: { count: 2 }, may: ['count'] },
  update_participants: { data: { count: 2 } },
  member_joined: { data: { display_name: 'Alice' } },
  member_returned: { data: { display_name: 'Alice' } },
  member_left: { data: { display_name: 'Alice' } },
  message: {
    data: { sender: 'Alice', content: 'hello', timestamp: '12:34:56', id: 7, member: 'seat-2', name: 'Alice', at: 1_780_000_000_000, ref: 'r' },
    may: ['timestamp', 'id', 'member', 'name', 'at', 'ref'],
  },
  notice: {
    data: { id: 7, what: 'admitted', member: 'seat-2', display_name: 'Alice', at: 1_780_000_000_000, by: ['Ben'], missed: true },
    may: ['id', 'member', 'at', 'by', 'missed'],
  },
  typing: { data: { member: 'seat-2', display_name: 'Alice' } },
  members: { data: { members: [{ member: 'seat-2', display_name: 'Alice', present: true, you: false }] } },
  code_update: { data: { new_code: '123456' } },
  timer_sync: { data: { time_remaining: 0.5 } },
  join_request: { data: { user: 'Charlie', user_id: 'knock-1' } },
  partial_approval: { data: { user_id: 'knock-1', approvals: 0, required: 2 } },
  request_status: { data: { user_id: 'knock-1', approvals: 0, required: 2, time_remaining: 41 } },
  join_approved: { data: { user_id: 'knock-1' } },
  join_denied: { data: { user_id: 'knock-1', reason: 'Request timed out', code: 'timed_out' }, may: ['reason', 'code'] },
  room_status: { data: { exists: true, participant_count: 2, expires_in: 3600 }, may: ['participant_count', 'expires_in'] },
  room_expired: { data: {} },
  room_error: { data: { message: 'Slow down.', ref: 'r', code: 'too_fast' }, may: ['message', 'ref', 'code'] },
  pong: { data: {} },
};

const odd = {
  string: [7, true, null, {}, [], ['x']],
  number: ['7', NaN, Infinity, null, {}, [7], true],
  boolean: ['true', 0, 1, null, {}, []],
  object: ['x', 7, null, {}, [7], [null], [{}], [{ display_name: 7 }]],
};

describe('an event', () => {
  for (const [event, { data, may = [] }] of Object.entries(events)) {
    test(`${event} is taken as it is, and without what more there is in it`, () => {
      assert.deepEqual(eventOf(event, data), { event, data });
      assert.deepEqual(eventOf(event, { ...data, unknown: 7, toString: 'x' }), { event, data });
    });

    for (const [field, value] of Object.entries(data)) {
      test(`${event} ${may.includes(field) ? 'may lack' : 'needs'} ${field}, and something odd in its place is as good as none`, () => {
        const { [field]: _, ...rest } = data;
        const without = may.includes(field) ? { event, data: rest } : undefined;
        assert.deepEqual(eventOf(event, rest), without);
        for (const wrong of odd[typeof value]) assert.deepEqual(eventOf(event, { ...data, [field]: wrong }), without, `${field}: ${JSON.stringify(wrong)}`);
      });
    }

    test(`${event} is no text, number or list`, () => {
      for (const wrong of ['x', '', 7, true, [], [data]]) assert.equal(eventOf(event, wrong), undefined, JSON.stringify(wrong));
    });
  }

  test('with nothing in it is one if it needs nothing', () => {
    for (const [event, { data, may = [] }] of Object.entries(events)) {
      const expected = Object.keys(data).every((field) => may.includes(field)) ? { event, data: {} } : undefined;
      for (const nothing of [undefined, null, {}]) assert.deepEqual(eventOf(event, nothing), expected, event);
    }
  });

  test('of another name is none, nor is one of the connection, which is not the server\'s to say', () => {
    for (const name of ['new_event', '', 'toString', '__proto__', 'constructor', 'hasOwnProperty', 'connect', 'disconnect', 'connect_error', undefined, null, 7, {}, ['message']]) {
      assert.equal(eventOf(name, { content: 'x', sender: 'x' }), undefined, String(name));
    }
  });

  test('counts nothing below zero, and no half', () => {
    for (const count of [-1, 0.5, 2 ** 53]) assert.equal(eventOf('update_participants', { count }), undefined);
  });

  test('takes no field from elsewhere', () => {
    assert.equal(eventOf('update_participants', JSON.parse('{"__proto__": {"count": 2}}')), undefined);
    assert.equal(eventOf('member_left', Object.create({ display_name: 'Alice' })), undefined);
  });

  test('position is a text', () => {
    assert.deepEqual(eventOf('position', 'p'), { event: 'position', data: 'p' });
    assert.equal(eventOf('position', {}), undefined);
  });

  test('whatever it is made of, it is one of those, or none', () => {
    const next = random(11);
    const pick = (all) => all[Math.floor(next() * all.length)];
    const names = [...Object.keys(events), 'toString', '__proto__', 'new_event'];
    const fields = [...new Set(Object.values(events).flatMap(({ data }) => Object.keys(data))), '__proto__', 'then', 'length'];
    const value = (depth) => {
      const kind = Math.floor(next() * (depth > 2 ? 7 : 9));
      if (kind === 7) return Array.from({ length: Math.floor(next() * 4) }, () => value(depth + 1));
      if (kind === 8) return Object.fromEntries(Array.from({ length: Math.floor(next() * 6) }, () => [pick(fields), value(depth + 1)]));
      return [undefined, null, next() < 0.5, Math.floor(next() * 9) - 3, next() * 1e20, '', 'text'][kind];
    };
    let taken = 0;
    for (let i = 0; i < 20_000; i += 1) {
      const name = pick(names);
      // Most are near to what is taken: one field or two are others.
      const sample = events[name]?.data;
      const data = sample && next() < 0.7 ? { ...sample, [pick(Object.keys(sample)) ?? 'x']: value(1), [pick(fields)]: value(1) } : value(0);
      const read = eventOf(name, data);
      if (read === undefined) continue;
      taken += 1;
      const known = events[name];
      assert.deepEqual(Object.keys(read), ['event', 'data']);
      for (const [field, given] of Object.entries(read.data)) {
        assert.equal(typeof given, typeof known.data[field], `${name}.${field}`);
        assert.equal(Array.isArray(given), Array.isArray(known.data[field]), `${name}.${field}`);
      }
      for (const field of Object.keys(known.data)) assert.ok(field in read.data || known.may?.includes(field), `${name} lacks ${field}`);
    }
    assert.ok(taken > 1000, `${taken} were taken`);
  });
});
