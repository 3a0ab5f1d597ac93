// What outlives a reload: of this tab (sessionStorage), and of this browser (localStorage).
//
//   session   {nick, token, head, account, open, marks: {key: {name, read, unread, mentions}}}
//   outbox    unsent lines     drafts   {key: text}
//   account   {nick, token} of "stay logged in" (of the browser)

/** Make a small record in a storage; where storage is switched off it lasts as long as the page. */
function record(area, name) {
  let value = {};
  const write = () => {
    try {
      window[area].setItem(`groupchat.${name}`, JSON.stringify(value));
    } catch {
      // full or switched off: the value stays in memory
    }
  };
  try {
    value = JSON.parse(window[area].getItem(`groupchat.${name}`) || "{}") || {};
  } catch {
    // the same, or something else is stored there
  }
  return {
    get: () => value,
    set(next) {
      value = next;
      write();
    },
    forget() {
      value = {};
      try {
        window[area].removeItem(`groupchat.${name}`);
      } catch {
        // nothing was stored
      }
    },
  };
}

export const session = record("sessionStorage", "session");
export const outboxRecord = record("sessionStorage", "outbox");
export const drafts = record("sessionStorage", "drafts");
export const account = record("localStorage", "account");
