// What one sees, in the address, so that a link shows a colleague the same.

/** What the address says, null where it says nothing. */
export const asked = (name) => new URLSearchParams(location.search).get(name) || null;

/** Write into the address; null and empty values leave it. */
export function tell(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, String(value));
  }
  const text = query.toString();
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
  leadOn();
}

/** The address of another page that shows the same source, or another one. */
export function addressOf(path, source = asked("source")) {
  return source ? `${path}?${new URLSearchParams({ source })}` : path;
}

/** The links to other pages keep the source. */
export function leadOn() {
  const source = asked("source");
  const kept = source ? new URLSearchParams({ source }).toString() : "";
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = document.querySelectorAll("nav a");
  for (const link of links) link.search = kept;
}
