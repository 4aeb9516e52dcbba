// Turns the page of a projector: says so once the page has stood for its time. Without a connection
// nothing is said, and the last figures stay on the screen with their time.

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  if (parentElement.turning !== data.page) {
    clearTimeout(parentElement.clock);
    parentElement.turning = data.page;
    parentElement.clock = setTimeout(() => setTriggerValue("turn", data.page), data.seconds * 1000);
  }
  return () => { clearTimeout(parentElement.clock); parentElement.turning = null; };
}
