// Scenarios of what people do with the chat, played with any frontend.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { serverForFile } from '../harness/server.mjs';
import { patience, until } from '../harness/wait.mjs';
import { browserForFile, eventually, scenario } from './harness.mjs';
import { networkErrors, refusals } from './tabs.mjs';

const absenceGrace = 1000;
// How long a lost page may go unnoticed: the server's ping interval and the time to answer it.
const pingTimeout = 45_000;
const rotation = 6000;
// Longer than any test: nobody need hurry to come back, or with a vote.
const endless = { ABSENCE_GRACE: '1h', APPROVAL_TIMEOUT: '1h' };
const approvalTimeout = 4000;

/**
 * Declares the tests of one frontend: `Tab` knows its pages, `env` makes the
 * server serve them. Traits, all of them facts about the pages:
 * `notices`: comings and goings are told in the conversation;
 * `partial`: the text on a card after the first of two yeses, if it is told;
 * `encrypted`: what is said goes through the server sealed;
 * `typed`: what is typed is text, to the letter, and never markup;
 * `leaves`: the page's way out ends the membership at once.
 */
export function playAll({ name, Tab, env, notices, partial, encrypted, leaves, typed }) {
  // Three at a time: most of a scenario is waiting.
  describe(name, { concurrency: 3 }, () => {
    const chromium = browserForFile();
    const serverWith = (terms) => serverForFile({ env: { TEMPLATES_DIR: undefined, ...env, ...endless, ...terms } });
    const server = serverWith({});
    // A member who goes is soon absent, and may come back for an hour.
    const missing = serverWith({ ABSENCE_GRACE: `${absenceGrace}ms`, RETURN_GRACE: '1h' });
    const turning = serverWith({ CODE_ROTATION: `${rotation}ms` });
    const hasty = serverWith({ APPROVAL_TIMEOUT: `${approvalTimeout}ms` });
    const playOn = (where, title, steps) => scenario(title, { chromium, server: where, Tab }, steps);
    const play = (title, steps) => playOn(server, title, steps);

    /** Waits until nobody is in the room any more that a tab shows, or has shown. */
    const emptied = (where, tab) => until(async () => {
      const answer = await fetch(`${where.url}${tab.path}/status`);
      return (await answer.json()).participant_count === 0;
    }, { what: `the room of ${tab.name} is empty` });

    const tells = async (tab, text) => {
      if (notices) await eventually(async () => assert.match((await tab.notices()).join('\n'), text));
    };

    playOn(turning, 'the code turns when the countdown said so', async (stage) => {
      const ana = await stage.tab();
      // The page was asked for after this moment, so its countdown ends no sooner than this moment and what it shows.
      const asked = Date.now();
      await ana.create('Ana');
      const [first, shown] = [await ana.code(), await ana.seconds()];
      // It shows whole seconds: what it shows may be up to one more or less than what is left.
      const [soonest, latest] = [asked + (shown - 1) * 1000, Date.now() + (shown + 1) * 1000];
      await ana.newCode(first, rotation + patience);
      assert.ok(Date.now() >= soonest, `turned ${soonest - Date.now()} ms before the promised moment`);
      // A page that is asked for after the countdown's end has the next code.
      await until(() => Date.now() > latest);
      await ana.reload();
      const second = await ana.code();
      assert.notEqual(second, first);
      await ana.newCode(second, rotation + patience);

      const ben = await stage.tab();
      // A code that has turned twice while it was typed is of no use any more.
      ben.expect(refusals);
      await until(async () => {
        await ben.home();
        await ben.submitKnock(await ana.code(), 'Ben');
        const waits = ben.page.locator(ben.at.applicant);
        await waits.or(ben.page.getByText('Room not found.')).waitFor();
        return waits.isVisible();
      }, { what: 'Ben to ask with a code that holds' });
      await ana.vote('Ben', true);
      await ben.entered();
      // The newcomer's page has the room's clock, once it has asked for it. A new code sets some pages to
      // five minutes until they have asked again.
      const fourth = await ben.code();
      await eventually(async () => {
        const left = await ben.seconds();
        if (await ben.code() === fourth && await ana.code() === fourth) assert.ok(left <= rotation / 1000, `${left} s to the next code`);
      });
      await ana.newCode(fourth, rotation + patience);
      await eventually(async () => {
        const codes = [await ana.code(), await ben.code()];
        assert.notEqual(codes[1], fourth);
        assert.equal(codes[1], codes[0]);
      });

      const late = await stage.tab();
      late.expect(refusals);
      await late.home();
      await late.submitKnock(first, 'Late');
      await late.page.getByText('Room not found.').waitFor();
    });

    playOn(hasty, 'a request that nobody answers times out by itself', async (stage) => {
      const ana = await stage.room('Ana');
      const cleo = await stage.tab();
      await cleo.home();
      // Noted by the page itself: the card lasts no longer than the request, and from outside one may look too late.
      const seen = await ana.page.evaluateHandle(({ card, cardName }) => {
        const names = new Set();
        new MutationObserver(() => {
          for (const name of document.querySelectorAll(`${card} ${cardName}`)) names.add(name.textContent.trim());
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
        return names;
      }, ana.at);
      const asked = Date.now();
      await cleo.submitKnock(await ana.code(), 'Cleo');
      await cleo.refused({ late: true });
      await eventually(async () => assert.deepEqual(await seen.evaluate((names) => [...names]), ['Cleo']));
      assert.ok(Date.now() - asked >= approvalTimeout, 'the members had their time');
      await ana.counts(1);
    });

    play('two people meet and talk', async (stage) => {
      const ana = await stage.room('Ana');
      await ana.counts(1);
      const ben = await stage.admit([ana], 'Ben');
      await ana.counts(2);
      await ben.counts(2);
      await tells(ana, /^Ben\b/m);

      await ana.say('hello Ben');
      await ben.reads('Ana: hello Ben');
      await ben.say('hello Ana');
      await ana.say('how are you?');
      const conversation = ['Ana: hello Ben', 'Ben: hello Ana', 'Ana: how are you?'];
      await eventually(async () => assert.equal((await ana.lines()).length, 3));
      // Ben's line and Ana's second one race; the order is the server's and the same for both.
      const heard = (await ana.lines()).map(({ who, what }) => `${who}: ${what}`);
      assert.deepEqual([...heard].sort(), [...conversation].sort());
      await ben.reads(...heard);
      assert.equal(await ana.code(), await ben.code());
    });

    play('everybody present has to agree', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben');
      const cleo = await stage.tab();
      await cleo.knock(await ben.code(), 'Cleo');
      await ana.vote('Cleo', true);
      if (partial) await ben.partial('Cleo', partial);
      // The server handles what Ana says after her vote: the vote alone did not let Cleo in.
      await ana.say('what do you think?');
      await ben.reads('Ana: what do you think?');
      assert.match(cleo.path, cleo.at.waiting);
      assert.deepEqual(await ben.knocking(), ['Cleo']);

      await ben.vote('Cleo', true);
      await cleo.entered();
      for (const tab of [ana, ben, cleo]) await tab.counts(3);
      await cleo.say('thank you');
      for (const tab of [ana, ben]) await tab.reads('Ana: what do you think?', 'Cleo: thank you');
      // Nothing from before her time.
      await cleo.reads('Cleo: thank you');
    });

    play('one no is enough', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben');
      const cleo = await stage.tab();
      await cleo.knock(await ana.code(), 'Cleo');
      await ana.vote('Cleo', true);
      await ben.vote('Cleo', false);
      await cleo.refused();
      for (const tab of [ana, ben]) await tab.counts(2);
      // The room is as it was, and a second try is possible.
      await cleo.knock(await ana.code(), 'Cleo');
      await ana.card('Cleo').last().waitFor();
      await ben.vote('Cleo', false);
      await cleo.refused();
      // Most pages leave the card of a request that another one declined: a late click on it is harmless.
      await ana.card('Cleo').locator(ana.at.yes).evaluateAll((buttons) => { for (const button of buttons) button.click(); });
      await ana.say('still here');
      await ben.reads('Ana: still here');
      assert.deepEqual(ana.dialogs, []);
      assert.equal(cleo.path, '/');
    });

    play('a requested code reaches everybody and restarts the clock', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben');
      const old = await ana.code();
      const asked = Date.now();
      await ben.requestCode();
      const fresh = await ben.newCode(old);
      await eventually(async () => assert.equal(await ana.code(), fresh));
      const cleo = await stage.tab();
      await cleo.knock(fresh, 'Cleo');
      for (const tab of [ana, ben]) await tab.vote('Cleo', true);
      await cleo.entered();
      const left = await cleo.seconds();
      // The server rounds to whole seconds, and so does the page.
      const least = 300 - (Date.now() - asked) / 1000 - 2;
      assert.ok(left >= least && left <= 300, `${left} s are left of a clock that was restarted, not ${least} to 300`);
    });

    // Leaving on purpose needs no grace.
    playOn(leaves ? server : missing, 'who leaves is counted out', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben');
      await ana.counts(2);
      await ben.leave();
      await ana.counts(1);
      await tells(ana, /^Ben\b[^\n]*\n[^]*^Ben\b/m);
      await ana.say('alone again');
      await ana.reads('Ana: alone again');
    });

    if (!leaves) {
      playOn(missing, 'who left comes back without a new vote', async (stage) => {
        const ana = await stage.room('Ana');
        const ben = await stage.admit([ana], 'Ben');
        const { path } = ben;
        await ben.leave();
        await ana.counts(1);
        await ben.page.goto(ben.url + path);
        await ben.entered();
        for (const tab of [ana, ben]) await tab.counts(2);
        await ben.say('me again');
        await ana.reads('Ben: me again');
      });
    }

    play('the only member reloads and keeps the room', async (stage) => {
      const ana = await stage.room('Ana');
      const code = await ana.code();
      await ana.say('note one');
      await ana.say('note two');
      await ana.reads('Ana: note one', 'Ana: note two');
      await ana.reload();
      await ana.reads('Ana: note one', 'Ana: note two');
      assert.equal(await ana.code(), code);
      await ana.counts(1);
      await ana.say('note three');
      await ana.reads('Ana: note one', 'Ana: note two', 'Ana: note three');
      // Still a member with a vote.
      const ben = await stage.admit([ana], 'Ben');
      await ben.counts(2);
    });

    play('a reload beside others is not noticed by them', async (stage) => {
      const ana = await stage.room('Ana');
      await ana.say('before Ben');
      const ben = await stage.admit([ana], 'Ben');
      await ben.say('one');
      await ana.say('two');
      await ben.counts(2);
      // The notices of his arrival came before his first line.
      await eventually(async () => assert.deepEqual((await ana.lines()).map(({ what }) => what).sort(), ['before Ben', 'one', 'two']));
      const told = notices && await ana.notices();
      await ben.reload();
      await ana.counts(2);
      await ben.counts(2);
      // Since Ben's admission, not before.
      await eventually(async () => assert.deepEqual((await ben.lines()).map(({ what }) => what).sort(), ['one', 'two']));
      await ben.say('three');
      await eventually(async () => assert.deepEqual((await ana.lines()).at(-1), { who: 'Ben', what: 'three' }));
      await ana.counts(2);
      if (notices) assert.deepEqual(await ana.notices(), told);
    });

    play('a lost connection loses no message', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben', { network: await stage.network() });
      await ana.say('1');
      await ben.reads('Ana: 1');
      await ben.receipt();

      // First the bytes vanish: the server sends 2 and 3 to a connection that looks alive.
      ben.network.blackhole();
      await ana.say('2');
      await ana.say('3');
      await ana.reads('Ana: 1', 'Ana: 2', 'Ana: 3');
      // Then it breaks, and 4 finds nobody.
      await ben.unplug();
      await ana.say('4');
      await ana.reads('Ana: 1', 'Ana: 2', 'Ana: 3', 'Ana: 4');
      ben.network.restore();
      await ben.connected();
      await ben.reads('Ana: 1', 'Ana: 2', 'Ana: 3', 'Ana: 4');

      await ben.say('5');
      const all = ['Ana: 1', 'Ana: 2', 'Ana: 3', 'Ana: 4', 'Ben: 5'];
      await ana.reads(...all);
      await ben.reads(...all);
      assert.deepEqual(ben.dialogs, []);
    });

    play('what was typed offline is said on return', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben', { network: await stage.network() });
      await ben.unplug();
      await ben.say('typed offline');
      await ben.say('and more');
      await ana.say('where is Ben?');
      await ana.reads('Ana: where is Ben?');
      ben.network.restore();
      await ben.connected();
      const all = ['Ana: where is Ben?', 'Ben: typed offline', 'Ben: and more'];
      await ana.reads(...all);
      await ben.reads(...all);
      await ana.counts(2);
    });

    playOn(missing, 'away for longer than the grace, and back as the same member', async (stage) => {
      const ana = await stage.room('Ana', { network: await stage.network() });
      const ben = await stage.admit([ana], 'Ben', { network: await stage.network() });
      await ana.counts(2);
      await ben.unplug();
      await ana.counts(1);
      await ana.say('gone');
      await ana.reads('Ana: gone');
      await ana.receipt();
      // Nobody is there now; the room waits.
      await ana.unplug();
      await emptied(missing, ana);
      ana.network.restore();
      ben.network.restore();
      for (const tab of [ana, ben]) {
        await tab.connected();
        await tab.counts(2);
      }
      await ben.say('back');
      for (const tab of [ana, ben]) {
        await tab.reads('Ana: gone', 'Ben: back');
        assert.deepEqual(tab.dialogs, []);
      }
    });

    if (!encrypted) { // whose client tries a websocket only
      playOn(missing, 'without websockets all is the same', async (stage) => {
        const webSockets = false;
        const ana = await stage.room('Ana', { webSockets });
        const ben = await stage.admit([ana], 'Ben', { webSockets, network: await stage.network() });
        const cleo = await stage.admit([ana, ben], 'Cleo', { webSockets });
        await ana.say('1');
        await ben.reads('Ana: 1');
        await ben.say('2');
        await cleo.reads('Ana: 1', 'Ben: 2');
        await ben.reload();
        await ben.reads('Ana: 1', 'Ben: 2');
        await ben.receipt();
        await ben.unplug();
        await ana.say('3');
        await ana.reads('Ana: 1', 'Ben: 2', 'Ana: 3');
        ben.network.restore();
        await ben.reads('Ana: 1', 'Ben: 2', 'Ana: 3');
        for (const tab of [ana, ben, cleo]) await tab.counts(3);
        // A closed tab says goodbye to nobody; its pending request ends.
        await cleo.close();
        for (const tab of [ana, ben]) await tab.counts(2);
        await ben.unplug();
        // At once if his page was polling at that moment, as nearly always; if it was
        // between two polls, when its ping is not answered.
        await ana.counts(1, pingTimeout + absenceGrace + patience);
      });
    }

    play('two tabs of one browser are two people', async (stage) => {
      const ana = await stage.room('Ana', { network: await stage.network() });
      const ben = await stage.admit([ana], 'Ben', { sharing: ana });
      const heard = [];
      const talk = async (...texts) => {
        for (const [tab, text] of [[ana, texts[0]], [ben, texts[1]]]) {
          await tab.say(text);
          heard.push(`${tab.name}: ${text}`);
          for (const reader of [ana, ben]) await reader.reads(...heard);
        }
      };
      for (const tab of [ana, ben]) await tab.counts(2);
      await talk('a1', 'b1');

      for (const tab of [ana, ben]) await tab.reload();
      for (const tab of [ana, ben]) await tab.counts(2);
      await talk('a2', 'b2');

      for (const tab of [ana, ben]) await tab.receipt();
      // Both at once, as when the one network they share is gone.
      ana.network.unplug();
      for (const tab of [ben, ana]) {
        tab.expect(networkErrors);
        await tab.disconnected();
      }
      ana.network.restore();
      for (const tab of [ana, ben]) await tab.connected();
      await talk('a3', 'b3');
      for (const tab of [ana, ben]) await tab.counts(2);
      for (const tab of [ana, ben]) assert.deepEqual(tab.dialogs, []);

      // Each has a vote of their own.
      const cleo = await stage.tab();
      await cleo.knock(await ana.code(), 'Cleo');
      await ana.vote('Cleo', true);
      await ben.vote('Cleo', true);
      await cleo.entered();
      await cleo.counts(3);
    });

    playOn(missing, 'one browser in two rooms: closing one leaves the other alone', async (stage) => {
      const ana = await stage.room('Ana');
      const other = await stage.room('Ana', { sharing: ana });
      assert.notEqual(ana.path, other.path);
      await other.close();
      await emptied(missing, other);
      await ana.counts(1);
      const ben = await stage.admit([ana], 'Ben');
      await ana.say('still Ana');
      await ben.reads('Ana: still Ana');
    });

    for (const yes of [true, false]) {
      play(`a verdict before the waiting page is connected: ${yes ? 'admitted' : 'declined'}`, async (stage) => {
        const ana = await stage.room('Ana');
        const code = await ana.code();
        const ben = await stage.tab();
        await ben.home();
        // The page's scripts hang in the network until the verdict is in.
        let release;
        const released = new Promise((resolve) => { release = resolve; });
        await ben.page.route(/\.m?js(\?|$)|\/socket\.io\//, async (route) => {
          await released;
          await route.continue();
        });
        await ben.submitKnock(code, 'Ben');
        await ana.vote('Ben', yes);
        if (yes) await ana.say('come in');
        await (yes ? ana.reads('Ana: come in') : eventually(async () => assert.deepEqual(await ana.knocking(), [])));
        release();
        if (!yes) {
          await ben.refused();
          return;
        }
        await ben.entered();
        for (const tab of [ana, ben]) await tab.counts(2);
      });
    }

    playOn(missing, 'the last missing voter leaves, and the vote is complete', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben');
      const cleo = await stage.tab();
      await cleo.knock(await ana.code(), 'Cleo');
      await ben.card('Cleo').waitFor();
      await ana.vote('Cleo', true);
      await ben.close();
      await cleo.entered();
      for (const tab of [ana, cleo]) await tab.counts(2);
    });

    playOn(missing, 'a closed waiting page does not block the next one', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.tab();
      await ben.knock(await ana.code(), 'Ben');
      await ana.card('Ben').waitFor();
      await ben.close();
      await ana.vote('Ben', true);
      const cleo = await stage.tab();
      await cleo.knock(await ana.code(), 'Cleo');
      await ana.vote('Cleo', true);
      await cleo.entered();
      // A member who never came is not counted for ever.
      await ana.counts(2);
    });

    play('a stranger who knows the address of a room stays outside', async (stage) => {
      const ana = await stage.room('Ana');
      const eve = await stage.tab();
      await eve.page.goto(eve.url + ana.path);
      await eve.backHome();
      await ana.counts(1);
    });

    play('names with a quote and in other scripts look right everywhere', async (stage) => {
      const names = ["Seán O'Brien", '李小龍', 'Ольга Ш', 'ليلى'];
      const members = [await stage.room(names[0])];
      for (const name of names.slice(1)) {
        const tab = await stage.tab();
        await tab.knock(await members[0].code(), name);
        assert.equal(await tab.applicant(), name);
        for (const member of members) await member.vote(name, true);
        await tab.entered();
        members.push(tab);
      }
      const said = [];
      for (const member of members) {
        await member.say(`from ${member.name}`);
        said.push(`${member.name}: from ${member.name}`);
        // Also that each page takes its own lines for its own: see lines().
        for (const reader of members) await reader.reads(...said);
      }
      for (const name of names.slice(1)) await tells(members[0], new RegExp(`^${name}`, 'm'));
      await members[0].reload();
      await members[0].say('again');
      for (const reader of members.slice(0, 2)) {
        await eventually(async () => assert.deepEqual((await reader.lines()).at(-1), { who: names[0], what: 'again' }));
      }
    });

    play('names with markup are refused', async (stage) => {
      const ana = await stage.room('Ana');
      const code = await ana.code();
      const eve = await stage.tab();
      eve.expect(refusals);
      for (const bad of ['<img src=x onerror=a()>', 'Eve\\', '${alert(1)}`']) {
        for (const submit of [() => eve.submitCreate(bad), () => eve.submitKnock(code, bad)]) {
          await eve.home();
          // The server has the last word, whatever the form itself checks.
          await eve.page.evaluate(() => { for (const form of document.forms) form.noValidate = true; });
          const answer = eve.page.waitForResponse((response) => response.request().method() === 'POST');
          await submit();
          assert.equal((await answer).status(), 400, bad);
          await eve.page.getByText(/character/).first().waitFor();
        }
      }
      assert.deepEqual(eve.dialogs, []);
      assert.deepEqual(await ana.knocking(), []);
    });

    play('hostile messages do nothing', async (stage) => {
      const ana = await stage.room('Ana');
      const eve = await stage.admit([ana], 'Eve');
      const attacks = [
        '<img src=x onerror="window.pwned=1">',
        '<script>window.pwned=2</script>',
        '<svg><script>window.pwned=3</script></svg>',
        '<svg onload="window.pwned=4">',
        '<a href="javascript:window.pwned=5" onclick="window.pwned=6">click</a>',
        '<a href="jAvA\tscript:window.pwned=7">click</a>',
        '<a href="data:text/html,<script>opener.pwned=8</script>">click</a>',
        '<iframe srcdoc="<script>parent.pwned=9</script>"></iframe>',
        '<b onmouseover="window.pwned=10" style="position:fixed;inset:0">hover</b>',
        '<details open ontoggle="window.pwned=11">x</details>',
        '<math><mtext></p><style><!--</style><img title="--&gt;&lt;img src=x onerror=window.pwned=12&gt;">',
        '"><img src=x onerror=window.pwned=13>',
        '<form action="https://evil.example"><input name=password><button>Log in</button></form>',
        '<meta http-equiv=refresh content="0;url=https://evil.example">',
        // These look like envelopes and are none.
        '{"salt":"00","content":"<img src=x onerror=window.pwned=14>"}',
        '{"salt":"<img src=x onerror=window.pwned=15>","content":"U2FsdGVkX18="}',
      ];
      for (const attack of attacks) {
        await eve.attack(attack);
        if (encrypted) await eve.say(attack); // sealed, where only who has the key sees it
      }
      await eve.say('the end');
      await eventually(async () => assert.deepEqual((await ana.lines()).at(-1), { who: 'Eve', what: 'the end' }));
      for (const tab of [ana, eve]) {
        const log = tab.page.locator(tab.at.log);
        const foreign = await log.evaluate((element, ownParts) => [...element.querySelectorAll('*')]
          .filter((e) => (/^(img|script|svg|iframe|style|form|input|meta|details|math|object|embed|link)$/i.test(e.localName) && !(ownParts && e.matches(ownParts)))
            || [...e.attributes].some((a) => /^on|^style$/i.test(a.name) || /^\s*(javascript|data):/i.test(a.value)))
          .map((e) => e.outerHTML), tab.at.ownParts);
        assert.deepEqual(foreign, []);
        await log.locator('a, b').evaluateAll((elements) => {
          for (const element of elements) {
            element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
            element.click();
          }
        });
        assert.equal(await tab.page.evaluate(() => window.pwned), undefined);
        assert.deepEqual(tab.dialogs, []);
      }
    });

    if (typed) {
      play('what is typed is what arrives', async (stage) => {
        const ana = await stage.room('Ana');
        const ben = await stage.admit([ana], 'Ben');
        const said = ['Promise<string>', 'a<b and c>d', '<i>', '&amp; &lt;b&gt; &copy;', '<!-- x --> <3 </b>', '  <b>bold</b>\n  "quoted" it\'s'];
        for (const text of said) await ben.say(text);
        for (const tab of [ana, ben]) {
          await eventually(async () => assert.deepEqual((await tab.page.locator('#log .message-content').evaluateAll((all) => all.map((each) => each.textContent))), said));
          assert.equal(await tab.page.locator('#log .message-content *').count(), 0);
        }
      });
    } else if (!encrypted) {
      play('harmless markup in a message is kept', async (stage) => {
        const ana = await stage.room('Ana');
        const ben = await stage.admit([ana], 'Ben');
        await ben.say('<b>bold</b> & <em>soft</em> 1 < 2 <a href="https://example.org/" title="t">there</a>');
        await eventually(async () => assert.equal((await ana.lines()).at(-1)?.what, 'bold & soft 1 < 2 there'));
        const what = ana.page.locator(ana.at.line).last().locator(ana.at.what);
        assert.equal(await what.locator('b').innerText(), 'bold');
        assert.equal(await what.locator('em').innerText(), 'soft');
        const link = what.locator('a');
        assert.equal(await link.getAttribute('href'), 'https://example.org/');
        assert.match(await link.getAttribute('rel'), /noopener/);
      });
    }

    play('a long message arrives', async (stage) => {
      const ana = await stage.room('Ana');
      const ben = await stage.admit([ana], 'Ben');
      const text = 'ö'.repeat(1000);
      await ben.say(text);
      await ana.reads(`Ben: ${text}`);
    });
  });
}
