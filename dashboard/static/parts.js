// What components that draw share: elements whose text only ever enters as text nodes, and how one
// packed message after the other reaches what draws it.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

async function unpack(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// Returns what draws on a component's place, made at its first message; undefined without one.
// Of messages that overtake each other only the newest is shown.
export function shown(component, Drawing) {
  const { parentElement, data, setStateValue } = component;
  if (!data) return undefined;
  parentElement.drawing ??= new Drawing(parentElement);
  const drawing = parentElement.drawing;
  drawing.report = setStateValue;
  drawing.turn = (drawing.turn || 0) + 1;
  const turn = drawing.turn;
  unpack(data)
    .then((message) => (turn === drawing.turn ? drawing.show(message) : undefined))
    .catch(() => { drawing.frame.dataset.failed = "1"; });
  return drawing;
}
