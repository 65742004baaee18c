import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** How a network treats the connections that come while it is so. */
export type Treatment =
  | { readonly is: "forward" }
  /** Closed as soon as they are made. */
  | { readonly is: "refuse" }
  /** The server gets the request and answers, the client sees its connection break. */
  | { readonly is: "lose answers" }
  /** Both see the connection break after so many bytes of the request. */
  | { readonly is: "cut requests"; readonly afterBytes: number };

/** A network between a client and a server, which breaks when it is told to. */
export class Network {
  /** Connections that were broken on purpose. */
  broken = 0;
  /** Called with the bytes of requests that have gone through. */
  onRequestBytes: (bytes: number) => void = () => {};
  #treatment: Treatment = { is: "forward" };
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#accept(client));

  constructor(port: number) {
    this.#port = port;
  }

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on; connections that were kept alive are closed. */
  treat(treatment: Treatment): void {
    this.#treatment = treatment;
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket): void {
    const treatment = this.#treatment;
    if (treatment.is === "refuse") {
      this.broken += 1;
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#port, "127.0.0.1");
    const ends = [client, server];
    const destroy = () => {
      for (const end of ends) end.destroy();
    };
    const cut = () => {
      if (!client.destroyed) this.broken += 1;
      destroy();
    };
    for (const end of ends) {
      this.#sockets.add(end);
      end.on("error", destroy);
      end.on("close", () => {
        this.#sockets.delete(end);
        destroy();
      });
    }
    let requested = 0;
    client.on("data", (bytes) => {
      requested += bytes.length;
      this.onRequestBytes(requested);
      if (treatment.is === "cut requests" && requested > treatment.afterBytes) return cut();
      if (!server.write(bytes)) client.pause();
    });
    server.on("drain", () => client.resume());
    server.on("data", (bytes) => {
      if (treatment.is === "lose answers") return cut();
      if (!client.write(bytes)) server.pause();
    });
    client.on("drain", () => server.resume());
  }
}
