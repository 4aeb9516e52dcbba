// Listens for the nudge "something was committed" and asks Streamlit to look. The nudge carries no
// figures: what a person may see is decided by the server when it looks.

const SLOWEST = 15000, FALLBACK = 1000;

function connect(state) {
  if (state.closed) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const key = state.key ? `?key=${encodeURIComponent(state.key)}` : "";
  const socket = new WebSocket(`${scheme}://${location.host}/live${key}`);
  state.socket = socket;
  socket.onopen = () => { state.wait = 500; state.opened = true; stopPolling(state); show(state, true); };
  socket.onmessage = (event) => { if (state.socket === socket && event.data !== state.seen) { state.seen = event.data; state.notify(event.data); } };
  socket.onclose = () => {
    if (state.closed || state.socket !== socket) return;
    show(state, false);
    if (!state.opened) startPolling(state); // a server without the route: ask instead
    state.retry = setTimeout(() => connect(state), state.wait);
    state.wait = Math.min(state.wait * 2, SLOWEST);
  };
}

function startPolling(state) {
  state.poll ??= setInterval(() => { if (!document.hidden) state.notify(`poll-${Date.now()}`); }, FALLBACK);
}

function stopPolling(state) { clearInterval(state.poll); state.poll = null; }

function show(state, on) { state.root.dataset.live = on ? "on" : "off"; }

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const state = (parentElement.liveState ??= { root: document.documentElement, wait: 500, closed: false });
  state.notify = (token) => setTriggerValue("moved", token);
  state.closed = false;
  if (data?.language) document.documentElement.lang = data.language;
  if (state.key !== data?.key) { // another role listens to something else
    state.key = data?.key;
    state.seen = data?.token;
    clearTimeout(state.retry);
    state.socket?.close();
    state.socket = null;
  }
  if (state.seen === undefined) state.seen = data?.token;
  if (!state.socket || state.socket.readyState > 1) connect(state);
  return () => {
    state.closed = true;
    clearTimeout(state.retry);
    stopPolling(state);
    state.socket?.close();
    state.socket = null;
  };
}
