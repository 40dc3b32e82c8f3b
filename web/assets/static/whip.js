// A WHIP session (RFC 9725): one offer, one answer, and an address to end it.

const GATHER_MS = 2000;

export class Session {
  #peer;
  #address;

  /** Called with the connection's state when it changes. @type {(state: string) => void} */
  onstate = () => {};

  constructor(peer, address) {
    this.#peer = peer;
    this.#address = address;
    peer.onconnectionstatechange = () => this.onstate(peer.connectionState);
  }

  /** Begin sending a video track. Fails with the server's reason. */
  static async begin(track, { name, interval_ms, topic, key, ice }) {
    const peer = new RTCPeerConnection({ iceServers: ice.map((urls) => ({ urls })) });
    try {
      peer.addTransceiver(track, { direction: "sendonly" });
      await peer.setLocalDescription(await peer.createOffer());
      await gathered(peer);
      const asked = new URLSearchParams({ name, interval_ms, topic });
      const answer = await fetch(`/whip?${asked}`, {
        method: "POST",
        headers: { "Content-Type": "application/sdp", ...(key && { Authorization: `Bearer ${key}` }) },
        body: peer.localDescription.sdp,
      });
      const text = await answer.text();
      if (answer.status !== 201) throw new Error(text.trim());
      await peer.setRemoteDescription({ type: "answer", sdp: text });
      return new Session(peer, answer.headers.get("Location"));
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** The server's statistics, null where it knows the session no more. */
  async stats() {
    const answer = await fetch(this.#address);
    return answer.ok ? answer.json() : null;
  }

  /** End it; also while the page goes away. */
  end() {
    this.#peer.close();
    return fetch(this.#address, { method: "DELETE", keepalive: true }).catch(() => {});
  }
}

/** The server takes one offer with all addresses in it. */
function gathered(peer) {
  return new Promise((resolve) => {
    if (peer.iceGatheringState === "complete") resolve();
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && resolve());
    setTimeout(resolve, GATHER_MS);
  });
}
