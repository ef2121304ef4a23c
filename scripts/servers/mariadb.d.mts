import type { MysqlOptions } from './mysql.mjs';
import type { Availability, Server } from './supervised.mjs';

export declare function mariadbAvailable(): Availability;
export declare function startMariadb(options?: MysqlOptions): Promise<Server>;
