// Runs beside the page, in a thread of its own: makes pixels of JPEGs, one answer for each.

onmessage = async ({ data: { n, jpeg } }) => {
  const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })).catch(() => null);
  postMessage({ n, bitmap }, { transfer: bitmap ? [bitmap] : [] });
};
