// Contract: "Template variables", and what a foreign template folder may rely on.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Person, csrfToken } from '../harness/person.mjs';
import { createRoom, roomWith } from '../harness/scenario.mjs';
import { minimalTemplates, serverForFile, temporaryFolder } from '../harness/server.mjs';

/** A template folder: the minimal pages, with some of them replaced. */
function templates(pages) {
  const folder = temporaryFolder();
  cpSync(minimalTemplates, folder, { recursive: true });
  for (const [name, text] of Object.entries(pages)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

describe('template variables', { concurrency: 8 }, () => {
  const server = serverForFile({ env: { MAX_MESSAGE_LENGTH: '321', CODE_ROTATION: '300s' } });

  test('chatroom.html', async () => {
    const [ana, bob] = await roomWith(server, ['Ana', 'Bob']);
    const page = await ana.person.openRoom(ana.room.path);
    assert.equal(page.data.roomCode, ana.roomId);
    assert.match(page.data.displayCode, /^[1-9]\d{5}$/);
    assert.equal(page.data.digits, page.data.displayCode.split('').map((digit) => `${digit},`).join(''), 'iterable by digit');
    assert.match(page.data.initialTime, /^\d+$/);
    const time = Number(page.data.initialTime);
    assert.ok(time >= 1 && time <= 300, `initial_time ${time}`);
    assert.equal(page.data.participantCount, '2');
    assert.equal(page.data.maxMessageLength, '321');
    assert.equal(page.data.displayName, 'Ana');
    assert.ok(page.data.csrfToken);
    const other = await bob.person.openRoom(bob.room.path);
    assert.equal(other.data.encryptionKey, page.data.encryptionKey, 'one key for the room');
    assert.ok(page.data.encryptionKey.length >= 22, '128 bits at least');
    const elsewhere = await createRoom(server, 'Ana');
    assert.notEqual(elsewhere.room.data.encryptionKey, page.data.encryptionKey);
  });

  test('waiting_approval.html', async () => {
    const ana = await createRoom(server, 'Ana');
    const bob = new Person(server);
    const { data } = await bob.join(ana.room.code, 'Bob');
    assert.equal(data.displayName, 'Bob');
    assert.ok(data.userId && data.pendingApproval);
    const request = await ana.conn.waitFor('join_request');
    assert.equal(request.user_id, data.userId, 'the pages compare the two');
  });

  test('the session’s name is escaped once, and equal to the sender on the wire', async () => {
    const ana = await createRoom(server, "O'Neil");
    ana.say('hello');
    const { sender } = await ana.conn.waitFor('message');
    assert.match(sender, /^O&#0?39;Neil$/);
    const page = await ana.person.openRoom(ana.room.path);
    assert.ok(page.html.includes(`data-display-name="${sender}"`), page.html);
  });
});

describe('a foreign template folder', { concurrency: 8 }, () => {
  const folder = templates({
    'index.html': `{% extends "layout/base.html" %}
{% block content %}
<form method="post" action="/"><input name="display_name"><button>go</button></form>
<FORM ACTION='/join' METHOD='POST'><input name="display_name"><input name="room_code"></FORM>
<form action="/search"><input name="q"></form>
{% endblock %}`,
    'layout/base.html': `<!doctype html><body data-page="early" data-unknown="[{{ nobody_knows }}]" data-session="[{{ session['nothing'] }}]" data-name="[{{ session['display_name'] }}]">
<script>
  const pending = {};
  function go(id) { return \`\${id}: {{ nobody_knows }}\`; }
</script>
<button onclick="go('x')">x</button>
{% block content %}{% endblock %}`,
    'chatroom.html': `<!doctype html>
<body data-page="room" data-room-code="{{ room_code }}" data-display-code="{{ display_code }}" data-display-name="{{ session['display_name'] }}" data-dotted="{{ session.display_name }}">
{# a comment #}
{% for digit in display_code %}<i class="{{ loop.index }} {{ loop.first|lower }}">{{ digit|upper }}</i>{% endfor %}
{% if participant_count > 1 %}many{% else %}few{% endif %}
<script>
  const room = "{{ room_code }}", me = "{{ session['display_name'] }}";
  let timeLeft = {{ initial_time }};
  const max = {{ MAX_MESSAGE_LENGTH }};
</script>
</body>`,
  });
  const server = serverForFile({ env: { TEMPLATES_DIR: folder } });

  test('forms without a token field get one, and work', async () => {
    const ana = new Person(server);
    const page = await ana.open('/');
    assert.equal(page.status, 200);
    const posts = [...page.html.matchAll(/<form\b[\s\S]*?<\/form>/gi)].map(([form]) => form);
    assert.equal(posts.length, 3);
    for (const form of posts.slice(0, 2)) assert.ok(csrfToken(form), form);
    assert.equal(csrfToken(posts[2]), undefined, 'a GET form leaks no token');
    assert.equal((await ana.post('/', { display_name: 'Ana' })).status, 302);
    assert.equal((await ana.post('/', { display_name: 'Ana', csrf_token: '' })).status, 400);
  });

  test('a form with a token field keeps exactly one', async () => {
    const anybody = new Person(server);
    const { html } = await anybody.open('/');
    assert.equal(html.match(/name="csrf_token"/g).length, 2);
  });

  test('unknown variables and session keys render as empty', async () => {
    const { html } = await new Person(server).open('/');
    assert.match(html, /data-unknown="\[\]" data-session="\[\]" data-name="\[\]"/);
    assert.match(html, /`\$\{id\}: `/);
  });

  test('inheritance, comments, loops, filters, conditions, inline scripts', async () => {
    const ana = new Person(server);
    const room = await ana.create("O'Neil");
    assert.match(room.html, /<i class="1 true">\d<\/i><i class="2 false">\d<\/i>/);
    assert.match(room.html, /\bfew\b/);
    assert.doesNotMatch(room.html, /a comment/);
    assert.match(room.html, /let timeLeft = \d+;/);
    assert.match(room.html, /const max = 1000;/);
    assert.match(room.html, /me = "O&#0?39;Neil"/);
    assert.match(room.html, /data-dotted="O&#0?39;Neil"/);
  });

  test('its policy allows inline scripts, handlers and the CDN', async () => {
    const { headers } = await new Person(server).open('/');
    const policy = headers.get('content-security-policy');
    const scripts = /(?:^|;)\s*script-src ([^;]*)/.exec(policy)?.[1] ?? /default-src ([^;]*)/.exec(policy)[1];
    assert.match(scripts, /'unsafe-inline'/);
    assert.match(scripts, /https:/);
    assert.doesNotMatch(scripts, /'nonce-|'sha256-/, 'would switch unsafe-inline off');
  });
});

describe('the embedded pages', { concurrency: 8 }, () => {
  const server = serverForFile({ env: { TEMPLATES_DIR: undefined } });

  test('their policy is strict', async () => {
    const { status, headers } = await new Person(server).open('/');
    assert.equal(status, 200);
    const policy = headers.get('content-security-policy');
    assert.doesNotMatch(policy.replace(/style-src[^;]*/, ''), /unsafe-inline|unsafe-eval|https?:|\*/);
  });

  test('what can be a document or a worker has a policy; modules, styles and pictures come without', async () => {
    const anybody = new Person(server);
    const policies = ['content-security-policy', 'cross-origin-opener-policy', 'permissions-policy', 'referrer-policy', 'x-frame-options'];
    for (const [path, expected] of Object.entries({
      '/sw.js': policies, '/static/img/icon.svg': policies, '/static/missing.js': policies,
      '/static/js/room/page.js': [], '/static/css/app.css': [], '/static/img/preview.png': [],
    })) {
      const { headers } = await anybody.fetch(path, { headers: { 'Accept-Encoding': 'br' } });
      assert.deepEqual(policies.filter((name) => headers.get(name)), expected, path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
      if (!path.includes('missing')) assert.equal(headers.get('vary'), 'Accept-Encoding', path);
    }
  });

  test('a conversation from the forms on', async () => {
    const ana = new Person(server);
    const { location } = await ana.post('/', { display_name: 'Ana' });
    const page = await ana.open(location);
    assert.equal(page.status, 200);
    const roomId = location.split('/').pop();
    assert.ok(page.html.includes(roomId), 'room_code');
    const anaConn = await ana.enter({ roomId, path: location, name: 'Ana' });
    anaConn.emit('request_code_update', { room: roomId });
    const { new_code: code } = await anaConn.waitFor('code_update');

    const bob = new Person(server);
    const answer = await bob.post('/join', { room_code: code, display_name: 'Bob' });
    assert.equal(answer.status, 200);
    assert.ok(!answer.html.includes(roomId));
    const { user_id: userId } = await anaConn.waitFor('join_request');
    assert.ok(answer.html.includes(userId), 'session[user_id]');
    bob.page = '/join';
    const waiting = await bob.connect();
    anaConn.emit('approve_join', { room: roomId, user_id: userId });
    const verdict = await waiting.waitFor('join_approved');
    assert.equal(verdict.user_id, userId);
    const bobPage = await bob.open(`/room/${userId}`);
    assert.equal(bobPage.status, 200);
    assert.ok(bobPage.html.includes(roomId));
    const bobConn = await bob.enter({ roomId, path: `/room/${userId}`, name: 'Bob' });
    bobConn.emit('message', { room: roomId, message: 'hello' });
    assert.equal((await anaConn.waitFor('message')).sender, 'Bob');
  });

  test('their stylesheets and scripts are there and need no other host', async () => {
    const ana = new Person(server);
    const { location } = await ana.post('/', { display_name: 'Ana' });
    for (const pagePath of ['/', location]) {
      const { html } = await ana.open(pagePath);
      const links = [...html.matchAll(/<(?:script|link|img)\b[^>]*\b(?:src|href)="([^"]+)"/g)].map(([, link]) => link);
      assert.ok(links.length > 0);
      for (const link of links) {
        assert.match(link, /^\/(?!\/)/, `${link} is local`);
        assert.equal((await ana.fetch(link)).status, 200, link);
      }
    }
  });
});

describe('a policy of one’s own', { concurrency: 2 }, () => {
  const policy = "default-src 'self'; frame-ancestors 'none'";
  for (const [name, env] of Object.entries({
    CONTENT_SECURITY_POLICY: { TEMPLATES_DIR: undefined },
    CONTENT_SECURITY_POLICY_FOREIGN: {},
  })) {
    describe(name, () => {
      const server = serverForFile({ env: { ...env, [name]: policy } });
      test('is sent instead of the built-in one', async () => {
        const { headers } = await new Person(server).open('/');
        assert.equal(headers.get('content-security-policy'), policy);
      });
    });
  }
});

describe('STATIC_DIR', { concurrency: 8 }, () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'static', 'deep'), { recursive: true });
  writeFileSync(path.join(folder, 'static', 'app.css'), 'body { color: red }');
  writeFileSync(path.join(folder, 'static', 'deep', 'x.txt'), 'deep');
  writeFileSync(path.join(folder, 'secret.txt'), 'secret');
  const server = serverForFile({ env: { STATIC_DIR: path.join(folder, 'static') } });

  test('is served below /static/', async () => {
    const anybody = new Person(server);
    const css = await anybody.fetch('/static/app.css');
    assert.equal(css.status, 200);
    assert.equal(css.text, 'body { color: red }');
    assert.match(css.headers.get('content-type'), /^text\/css/);
    assert.equal((await anybody.fetch('/static/deep/x.txt')).text, 'deep');
    assert.equal((await anybody.fetch('/static/none.css')).status, 404);
  });

  test('and nothing else of the disk', async () => {
    const anybody = new Person(server);
    for (const way of ['/static/..%2fsecret.txt', '/static/%2e%2e/secret.txt', '/static/deep/..%2f..%2fsecret.txt', '/static/..\\secret.txt', '/static//etc/passwd']) {
      const answer = await anybody.fetch(way);
      assert.notEqual(answer.status, 200, way);
      assert.doesNotMatch(answer.text, /^secret$|root:/);
    }
    // No listing of folders.
    assert.doesNotMatch((await anybody.fetch('/static/')).text, /app\.css/);
  });

  // The server looked at the folder when it started: these were not there yet.
  test('not by links that were made later either', async () => {
    const anybody = new Person(server);
    const inside = (name) => path.join(folder, 'static', name);
    symlinkSync('../secret.txt', inside('relative.txt'));
    symlinkSync(path.join(folder, 'secret.txt'), inside('absolute.txt'));
    symlinkSync('..', inside('up'));
    symlinkSync('deep/x.txt', inside('within.txt'));
    execFileSync('mkfifo', [inside('pipe.txt')]);
    for (const way of ['relative.txt', 'absolute.txt', 'up/secret.txt', 'up/static/app.css', 'pipe.txt']) {
      assert.equal((await anybody.fetch(`/static/${way}`)).status, 404, way);
    }
    assert.equal((await anybody.fetch('/static/within.txt')).text, 'deep');
  });
});
