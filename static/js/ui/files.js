/**
 * Refuses files, which cannot be sent: without it, the browser would leave the chat, or the place at
 * its door, for a file or a link that is dropped on the page. A text may be dropped on a field for one.
 *
 * @param {() => void} refused is called when somebody tries
 */
export function refuseFiles(refused) {
  document.addEventListener('dragover', (event) => {
    if (isText(event)) return;
    event.preventDefault();
    // A file has to be droppable: the drop of anything else is not told to the page.
    if (event.dataTransfer) event.dataTransfer.dropEffect = hasFiles(event.dataTransfer) ? 'copy' : 'none';
  });
  document.addEventListener('drop', (event) => {
    if (isText(event)) return;
    event.preventDefault();
    if (hasFiles(event.dataTransfer)) refused();
  });
  document.addEventListener('paste', (event) => {
    const { clipboardData } = event;
    // Tables are copied as text and as a picture.
    if (!hasFiles(clipboardData) || clipboardData?.types.includes('text/plain')) return;
    event.preventDefault();
    refused();
  });
}

/**
 * Whether a text is over a field that takes it. Switches and other controls are no such fields.
 *
 * @param {DragEvent} event
 */
function isText({ target, dataTransfer }) {
  return !hasFiles(dataTransfer) && target instanceof Element && target.matches(':is(textarea, [type="text"]):enabled:read-write');
}

/** @param {DataTransfer | null} data */
const hasFiles = (data) => data?.types.includes('Files') ?? false;
