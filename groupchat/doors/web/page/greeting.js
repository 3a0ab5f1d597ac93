// The first words with the server: a connection, and what people are greeted with.

export function dial() {
  const address = new URL("ws", document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  return new WebSocket(address);
}

/** Ask what people are greeted with, on a connection of its own: nobody waits at the gate on a deadline. */
export const hello = () =>
  new Promise((resolve, reject) => {
    const greeting = dial();
    greeting.onopen = () => greeting.send('{"do":"hello"}');
    greeting.onclose = reject;
    greeting.onmessage = ({ data }) => {
      greeting.close();
      const { items } = JSON.parse(data);
      if (items) resolve(items[0]);
    };
  });
