/** A port of the loopback address that was free a moment ago. */
export declare function freePort(): Promise<number>;
