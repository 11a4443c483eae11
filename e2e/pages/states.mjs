// The states that the embedded pages can be in, each with the way there. What
// holds for pages is tested in every one of them; a new one needs an entry here and
// nothing else.
import assert from 'node:assert/strict';
import { eventually } from '../browser/harness.mjs';
import { networkErrors, refusals } from '../browser/tabs.mjs';
import { wiretap } from './visit.mjs';

// As long as names may be.
const knocking = ['Maximilian-Alexander', 'Мария-Александровна', 'Bo'];

const withoutScripts = { settings: { javaScriptEnabled: false } };

/** Somebody on the waiting page, with the member who decides: {tab, host}. */
async function waiting(visit, tab) {
  const host = await visit.host('Ana');
  await tab.knock(await host.code(), 'Ben');
  return host;
}

async function startTab(visit, address = '/', options) {
  const tab = await visit.tab(options);
  await tab.page.goto(`${tab.url}${address}`);
  return tab;
}

async function waitingTab(visit) {
  const tab = await visit.tab();
  await waiting(visit, tab);
  await tab.connected();
  return tab;
}

const over = (tab) => tab.page.locator('#waiting[data-ended]').waitFor();

/** The waiting page after a refusal. */
async function refusedTab(visit, code) {
  const tab = await visit.tab();
  const tell = await wiretap(tab);
  await waiting(visit, tab);
  await tab.connected();
  const { room, userId } = await tab.page.locator('#waiting').evaluate(({ dataset }) => ({ ...dataset }));
  tell('join_denied', { user_id: userId, room, code });
  await over(tab);
  return tab;
}

/** Ana's tab in a room with two more, who have said a few things of all sorts. */
async function conversation(visit, options) {
  const tab = await visit.room('Ana', options);
  const ben = await visit.guest(tab, 'Ben');
  const cleo = await visit.guest(tab, 'Wilhelmina-Charlotte', [ben]);
  const turns = [
    [ben, 'Hello! Does this work?'],
    [tab, 'It does.'],
    [tab, 'Shall we meet at eight?'],
    [cleo, 'I shall be late: the train from the coast needs two hours, and then there is the bus, which does not go on Sundays.'],
    [cleo, 'First line\nsecond line\n\n    and one that is set in'],
    [ben, 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'.repeat(2)],
    [ben, 'Look: https://example.org/a/path/that/goes/on/and/on/without/any/end?with=a&long=query#and-a-fragment'],
    [ben, '<a href="https://example.org/">a link</a>, <b>bold</b> and <em>soft</em>'],
    [tab, '🎉🎉🎉'],
    [cleo, 'مرحبا، كيف حالك؟'],
    [tab, 'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz'.repeat(2)],
    [cleo, '👍'],
  ];
  // Each one waits for the one before, so that their order is always the same.
  for (const [i, [who, what]] of turns.entries()) {
    await who.say(what);
    await tab.page.locator(tab.at.line).nth(i).waitFor({ state: 'attached' });
  }
  return { tab, ben, cleo };
}

/** Ana's tab in a room with ten more: {tab, members}. */
async function crowd(visit) {
  const tab = await visit.room('Ana');
  const members = [];
  for (const name of ['Ben', 'Wilhelmina-Charlotte', 'Мария-Александровна', 'Emil', 'Fritz-Maximilian', 'Ö', 'Gundula', 'Henriette-Josephine', 'Ida', 'Jürgen']) {
    members.push(await visit.guest(tab, name, members));
  }
  return { tab, members };
}

/** Lets the person at a tab look elsewhere, or come back. */
async function away({ page }, hidden) {
  await page.evaluate((gone) => {
    Object.defineProperty(document, 'hidden', { value: gone, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

/** Opens the invitation, and waits for its link and its picture. */
async function invitationOf(tab) {
  await tab.openInvitation();
  await tab.page.waitForFunction(() => document.querySelector('#qr').width > 29);
}

/** By name: `reach(visit)` resolves to the tab that shows the state. */
export const states = {
  'start': (visit) => startTab(visit),

  'start-invited': async (visit) => {
    const tab = await startTab(visit, '/#123456');
    await tab.page.locator('#invitation').waitFor();
    return tab;
  },

  'start-chats': async (visit) => {
    const tab = await visit.room('Ana');
    await visit.guest(tab, 'Cleo', [await visit.guest(tab, 'Ben')]);
    await tab.create('Wilhelmina-Charlotte');
    const host = await visit.host('Cleo');
    await tab.knock(await host.code(), 'Ana');
    await tab.home();
    await tab.page.locator('.chats li').nth(2).waitFor();
    await tab.page.locator('.chats summary').first().click();
    return tab;
  },

  // The theme is the person's choice, not the system's.
  'start-dark-by-hand': async (visit) => {
    const tab = await startTab(visit);
    await tab.page.getByRole('radio').nth(2).check();
    return tab;
  },

  // The invitation is nobody's.
  'start-invitation-ended': async (visit) => {
    const tab = await startTab(visit, '/#AAECAwQFBgcICQoLDA0ODw');
    tab.expect(refusals);
    await tab.page.fill('#name', 'Ben');
    await tab.page.click('#join');
    await tab.page.locator('#invitation-problem > :not(:empty)').waitFor();
    return tab;
  },

  // As after a room that nobody entered in its first minute.
  'start-unentered': async (visit) => {
    const tab = await visit.tab();
    await tab.page.context().addCookies([{ name: 'flash', value: 'unentered', url: tab.url }]);
    await tab.home();
    await tab.page.locator('#notices .notice').waitFor();
    return tab;
  },

  'start-error': async (visit) => {
    const host = await visit.host('Ana');
    const tab = await startTab(visit);
    tab.expect(refusals);
    await tab.submitKnock(await host.code(), 'Ana'); // there is an Ana already
    await tab.page.locator('[role=alert]:visible').waitFor();
    return tab;
  },

  'waiting': waitingTab,

  // One of three has said yes.
  'waiting-answers': async (visit) => {
    const room = await visit.room('Ana');
    const ben = await visit.guest(room, 'Ben');
    await visit.guest(room, 'Cleo', [ben]);
    const tab = await visit.tab();
    await tab.knock(await room.code(), 'Maximilian-Alexander');
    await tab.connected();
    await ben.accept('Maximilian-Alexander');
    await tab.page.locator('#dots .yes').waitFor();
    return tab;
  },

  // The time is over, and the server has not said so.
  'waiting-silent': async (visit) => {
    const network = await visit.network();
    const tab = await visit.tab({ network });
    await tab.page.clock.install();
    await waiting(visit, tab);
    await tab.connected();
    await tab.unplug();
    await tab.page.clock.fastForward('20:00');
    await tab.page.locator('#again:not([hidden])').waitFor();
    return tab;
  },

  'waiting-refused': async (visit) => {
    const tab = await visit.tab();
    const host = await waiting(visit, tab);
    await host.decline('Ben');
    await over(tab);
    return tab;
  },

  'waiting-timed-out': (visit) => refusedTab(visit, 'timed_out'),

  'waiting-gone': (visit) => refusedTab(visit, 'room_gone'),

  'waiting-displaced': (visit) => refusedTab(visit, 'displaced'),

  'waiting-lost': (visit) => refusedTab(visit, 'no_such_request'),

  'waiting-asked-again': async (visit) => {
    const tab = await refusedTab(visit, 'timed_out');
    tab.expect(refusals);
    const other = await visit.host('Ben'); // there is a Ben already
    await tab.page.fill('#again-code', await other.code());
    await tab.page.click('#ask-again');
    await tab.page.locator('#again-name[aria-invalid]').waitFor();
    return tab;
  },

  'waiting-disconnected': async (visit) => {
    const network = await visit.network();
    const tab = await visit.tab({ network });
    await waiting(visit, tab);
    await tab.connected();
    await tab.unplug();
    return tab;
  },

  'room-alone': (visit) => visit.room('Ana'),

  'room-conversation': async (visit) => (await conversation(visit)).tab,

  'room-scrolled-up': async (visit) => {
    const { tab, ben } = await conversation(visit);
    for (let i = 1; i <= 20; i++) ben.say(`Line ${i} of a story that goes on`);
    await tab.page.locator(tab.at.line).nth(31).waitFor({ state: 'attached' });
    await tab.page.locator(tab.at.log).evaluate((log) => { log.scrollTop = 0; });
    // Whether the latest message is in sight is asked when the scrolling is told.
    await tab.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
    ben.say('And one more');
    await tab.page.locator('#to-latest').waitFor();
    return tab;
  },

  'room-request': async (visit) => {
    const { tab } = await conversation(visit);
    await visit.knock(await tab.code(), 'Dora');
    await tab.card('Dora').waitFor();
    return tab;
  },

  // More are asked than have a place on the card.
  'room-crowd': async (visit) => {
    const { tab } = await crowd(visit);
    await visit.knock(await tab.code(), 'Dora');
    await tab.vote('Dora', true);
    await tab.card('Dora').locator('.after').waitFor();
    return tab;
  },

  'room-crowd-dialog': async (visit) => {
    const { tab, members } = await crowd(visit);
    for (const member of members.slice(2)) member.leave();
    await tab.page.click('#member-count');
    await tab.page.locator('.member.away').nth(7).waitFor();
    return tab;
  },

  // Nobody has come in, and so it is still to be seen how to invite somebody.
  'room-declined': async (visit) => {
    const tab = await visit.room('Ana');
    for (const name of knocking) {
      await visit.knock(await tab.code(), name);
      await tab.vote(name, false);
      await tab.card(name).waitFor({ state: 'detached' });
    }
    await tab.page.locator('.system-message').waitFor();
    return tab;
  },

  // One that the person has said yes to, and two that wait for an answer.
  'room-knocks': async (visit) => {
    const { tab, ben } = await conversation(visit);
    for (const name of knocking) {
      await visit.knock(await tab.code(), name);
      await tab.card(name).waitFor();
    }
    await tab.vote(knocking[0], true);
    await ben.accept(knocking[1]);
    await tab.card(knocking[0]).locator('.after').waitFor();
    return tab;
  },

  'room-request-offline': async (visit) => {
    const network = await visit.network();
    const tab = await visit.room('Ana', { network });
    await visit.knock(await tab.code(), 'Dora');
    await tab.card('Dora').waitFor();
    await tab.unplug();
    await tab.vote('Dora', true);
    await tab.page.locator('.approval-status:not(:empty)').waitFor();
    return tab;
  },

  // Somebody was elsewhere while the others went on.
  'room-unread': async (visit) => {
    const { tab, ben, cleo } = await conversation(visit);
    await away(tab, true);
    for (let i = 1; i <= 30; i++) (i % 3 ? ben : cleo).say(`Line ${i} of what was said meanwhile`);
    await tab.page.locator(tab.at.line).nth(41).waitFor({ state: 'attached' });
    await away(tab, false);
    await tab.page.locator('#to-latest').waitFor();
    return tab;
  },

  // People came and went, and one row tells of all of them.
  'room-comings': async (visit) => {
    const tab = await visit.room('Ana');
    const members = [];
    for (const name of ['Ben', 'Wilhelmina-Charlotte', 'Dora', 'Emil']) {
      members.push(await visit.guest(tab, name, members));
    }
    members[2].leave();
    const row = tab.page.locator('.system-message', { hasText: '3' });
    await row.locator('summary', { hasText: 'Dora' }).click();
    await tab.page.locator('.system-message li').nth(8).waitFor();
    return tab;
  },

  'room-first-words': async (visit) => {
    const host = await visit.host('Ana');
    const tab = await visit.tab();
    await tab.knock(await host.code(), 'Dora');
    await host.accept('Dora');
    await tab.entered();
    await tab.page.locator('#empty', { hasText: 'Ana' }).waitFor();
    return tab;
  },

  'room-ending': async (visit) => {
    const tab = await visit.tab();
    const tell = await wiretap(tab);
    await tab.create('Ana');
    await tab.say('Good night');
    for (const left of [3600, 600, 59]) {
      tell('room_status', { exists: true, participant_count: 1, expires_in: left });
      await tab.page.locator('.system-message').nth([3600, 600, 59].indexOf(left)).waitFor();
    }
    await tab.page.locator('.notice').waitFor();
    await tab.page.clock.install(); // it would go after a while
    return tab;
  },

  'room-typing': async (visit) => {
    const { tab, ben, cleo } = await conversation(visit);
    // A sign is a hint: it may be lost, and is forgotten after six seconds.
    await eventually(async () => {
      for (const member of [ben, cleo]) member.type();
      const text = await tab.page.locator('#typing').innerText();
      for (const { name } of [ben, cleo]) assert.ok(text.includes(name), text);
    });
    // It ends after a while, and a look takes longer.
    await tab.page.clock.install();
    return tab;
  },

  'room-failed': async (visit) => {
    const tab = await visit.tab();
    const tell = await wiretap(tab, ['message']);
    await tab.create('Ana');
    await tab.say('This one is not heard by anybody');
    await tab.say('Nor is this');
    tell('room_error', { code: 'too_fast', ref: await tell.swallowed('message', 'ref') });
    await tab.page.locator('.message[data-state=failed]').waitFor();
    return tab;
  },

  // The time of a message, which was tapped on.
  'room-time': async (visit) => {
    const { tab } = await conversation(visit);
    for (const line of ['.received', '.sent']) await tab.page.locator(`.message${line}`).last().click();
    return tab;
  },

  // The server was built without its browser modules.
  'room-broken': async (visit) => {
    const tab = await visit.tab();
    tab.expect(/socket\.io\.esm/, refusals);
    await tab.page.route('**/socket.io.esm.min.js', (route) => route.fulfill({ status: 404 }));
    await tab.home();
    await tab.submitCreate('Ana');
    await tab.page.locator('#room .notice').waitFor();
    return tab;
  },

  'room-members-dialog': async (visit) => {
    const { tab, ben } = await conversation(visit);
    ben.leave();
    await tab.page.click('#member-count');
    await tab.page.locator('.member.away').waitFor();
    await tab.page.locator('#room-end:not(:empty)').waitFor();
    return tab;
  },

  'room-invite-dialog': async (visit) => {
    const { tab } = await conversation(visit);
    await invitationOf(tab);
    return tab;
  },

  'room-invite-shared': async (visit) => {
    const tab = await visit.tab();
    await tab.page.addInitScript(() => { Navigator.prototype.canShare = () => true; });
    await tab.create('Ana');
    await invitationOf(tab);
    return tab;
  },

  // As over http:// in a local network.
  'room-invite-by-hand': async (visit) => {
    const tab = await visit.tab();
    await tab.page.addInitScript(() => { Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined }); });
    await tab.create('Ana');
    await invitationOf(tab);
    await tab.page.click('#copy-link');
    await tab.page.locator('#invite-link').waitFor();
    return tab;
  },

  'room-invite-copied': async (visit) => {
    const tab = await visit.tab();
    await tab.page.addInitScript(() => { Object.defineProperty(Navigator.prototype, 'clipboard', { value: { writeText: async () => {} } }); });
    await tab.create('Ana');
    await invitationOf(tab);
    await tab.page.clock.install(); // the words on the buttons come back after a while
    for (const button of ['#copy-code', '#copy-link', '#end-links']) await tab.page.click(button);
    await tab.page.locator('#invite-lasts:not(:empty)').waitFor();
    return tab;
  },

  'room-invite-offline': async (visit) => {
    const network = await visit.network();
    const tab = await visit.room('Ana', { network });
    await tab.unplug();
    await tab.openInvitation();
    await tab.page.locator('#invite-said:not(:empty)').waitFor();
    return tab;
  },

  'room-menu': async (visit) => {
    const { tab } = await conversation(visit);
    await tab.page.click('#more');
    await tab.page.locator('#menu').waitFor();
    return tab;
  },

  'room-leave-dialog': async (visit) => {
    const { tab } = await conversation(visit);
    await tab.page.click('#more');
    await tab.page.click('#menu-leave');
    await tab.page.locator('dialog[open]').waitFor();
    return tab;
  },

  'room-draft': async (visit) => {
    const tab = await visit.room('Ana');
    await tab.page.fill(tab.at.draft, `${'Something long to say, and then some more. '.repeat(22)}\nAnd the end.`);
    return tab;
  },

  'room-draft-too-long': async (visit) => {
    const { tab } = await conversation(visit);
    await tab.page.fill(tab.at.draft, 'Something too long to say. '.repeat(50));
    return tab;
  },

  'room-disconnected': async (visit) => {
    const network = await visit.network();
    const { tab } = await conversation(visit, { network });
    await tab.unplug();
    await tab.say('This one waits');
    await tab.page.locator('.message[data-state=waiting]').waitFor();
    return tab;
  },

  'room-ended': async (visit) => {
    const tab = await visit.tab();
    const tell = await wiretap(tab);
    await tab.create('Ana');
    await tab.say('Good night');
    await tab.reads('Ana: Good night');
    tell('room_expired', { room: tab.path.split('/').pop() });
    await tab.page.locator('#ended').waitFor();
    return tab;
  },

  'error-404': async (visit) => {
    const tab = await visit.tab();
    tab.expect(refusals);
    await tab.page.goto(`${tab.url}/nothing/here`);
    return tab;
  },

  'error-400': async (visit) => {
    const tab = await startTab(visit, '/', withoutScripts);
    tab.expect(refusals);
    await tab.submitCreate('a<b');
    await tab.page.locator('[role=alert]').waitFor();
    return tab;
  },

  'no-scripts-start': (visit) => startTab(visit, '/', withoutScripts),

  'no-scripts-waiting': async (visit) => {
    const tab = await visit.tab(withoutScripts);
    await waiting(visit, tab);
    return tab;
  },

  'no-scripts-room': async (visit) => {
    const tab = await startTab(visit, '/', withoutScripts);
    await tab.submitCreate('Ana');
    await tab.page.locator('#room').waitFor();
    return tab;
  },
};

/** Waits until nothing on the page moves any more and all it shows is loaded. */
export async function settled({ page }) {
  await page.waitForLoadState('networkidle');
  await page.evaluate(async () => {
    await document.fonts.ready;
    const endless = (animation) => animation.effect.getComputedTiming().endTime === Infinity;
    await Promise.all(document.getAnimations().filter((animation) => !endless(animation)).map((animation) => animation.finished));
  });
}
