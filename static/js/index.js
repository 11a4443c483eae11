import { byId } from './dom.js';
import { loadClient } from './connection.js';
import { Notices } from './notices.js';

// Two clicks on a slow connection would make two rooms.
for (const form of document.forms) {
  const button = form.querySelector('button');
  form.addEventListener('submit', () => { button.disabled = true; });
  addEventListener('pageshow', () => { button.disabled = false; }); // the back button
}

// The room needs the client. Here is the time to fetch it, and to say so if it is not there.
loadClient(new Notices(byId('notices')));
