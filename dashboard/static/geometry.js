// Areas as paths: from a geometry file that the browser keeps, or a tile each where there is none.

const SCALE = 100; // path units per degree
const geometries = new Map();

export function project(latitude) {
  const shrink = Math.cos((latitude * Math.PI) / 180);
  return ([lon, lat]) => [lon * SCALE * shrink, -lat * SCALE];
}

function pathOf(geometry, place, box) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  let path = "";
  for (const rings of polygons) {
    for (const ring of rings) {
      ring.forEach((point, i) => {
        const [x, y] = place(point);
        grow(box, x, y);
        path += `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      });
      path += "Z";
    }
  }
  return path;
}

export function grow(box, x, y) {
  box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
  box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
}

export const nothing = () => [Infinity, Infinity, -Infinity, -Infinity];

async function fetched(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`geometry ${answer.status}`);
  return answer.json();
}

export function geometryOf(url, latitude) {
  if (!geometries.has(url)) {
    const loading = fetched(url).then((collection) => shapesOf(collection, latitude));
    loading.catch(() => geometries.delete(url)); // the next paint tries again
    geometries.set(url, loading);
  }
  return geometries.get(url);
}

function shapesOf(collection, latitude) {
  const place = project(latitude);
  const shapes = [];
  for (const feature of collection.features) {
    const box = nothing();
    const kept = { properties: feature.properties, box };
    if (feature.geometry.type === "Point") {
      [kept.x, kept.y] = place(feature.geometry.coordinates);
    } else {
      kept.path = pathOf(feature.geometry, place, box);
    }
    shapes.push(kept);
  }
  return shapes;
}

// A country pack without boundaries: one tile for each area, laid out by the server.
export function tilesOf(areas) {
  const side = 100, gap = 6;
  return areas.filter((area) => area.tile).map((area) => {
    const x = area.tile[0] * side, y = area.tile[1] * side, far = side - gap;
    return {
      properties: { code: area.code }, tile: [x + far / 2, y + far / 2],
      box: [x, y, x + far, y + far], path: `M${x} ${y}h${far}v${far}h${-far}Z`,
    };
  });
}
