// What the demo API serves: five collections, made from their index, the same on every machine and in every run.
const NAMES = ['Anna', 'Bela', 'Chidi', 'Dilek', 'Edda', 'Femi', 'Gita', 'Hugo', 'Ines', 'Jamal', 'Kaja', 'Liam'];
const PLACES = ['Lisbon', 'Bergen', 'Busan', 'Dakar', 'Halifax', 'Kochi', 'Valparaíso', 'Hobart'];
const GOODS = ['rope', 'lantern', 'anchor', 'chart', 'sextant', 'pulley', 'sailcloth', 'compass'];
const YEAR_START = Date.UTC(2024, 0, 1);
const YEAR_SECONDS = 366 * 86_400;

/** How many records each collection has: 200,000 in all. */
export const FULL_SIZES = {
  customers: 60_000,
  products: 40_000,
  berths: 30_000,
  orders: 50_000,
  regions: 20,
  deliveries_per_region: 999,
};

const pick = (list, i) => list[(i * 7 + (i >> 3)) % list.length];
const instant = (seconds) => new Date(YEAR_START + seconds * 1000).toISOString().replace('.000Z', 'Z');

export const makers = {
  customers: (i) => ({
    id: i + 1,
    name: `${pick(NAMES, i)} ${pick(PLACES, i + 3)}son`,
    email: `customer-${i + 1}@example.com`,
    city: pick(PLACES, i),
    active: i % 5 !== 0,
    score: (i % 1000) / 8,
    created_at: instant((i * 97) % YEAR_SECONDS),
    referrer: i % 3 === 0 ? null : `R-${i % 500}`,
    note: 'Prefers deliveries in the morning, before the tide turns; ring twice at the gate.',
    address: {
      street: `${(i % 90) + 1} Quay Street`,
      zip: String(10_000 + (i % 89_999)),
      country: i % 2 ? 'PT' : 'NO',
    },
  }),
  products: (i) => ({
    sku: `SKU-${String(i + 1).padStart(6, '0')}`,
    title: `${pick(GOODS, i)} no. ${i + 1}`,
    price: ((i * 37) % 100_000) / 100,
    weight_grams: 50 + ((i * 13) % 5_000),
    tags: [pick(GOODS, i + 1), pick(GOODS, i + 2)],
    in_stock: i % 4 !== 0,
    description: 'Made on the coast from well seasoned material, tested in weather that nobody asked for.',
  }),
  berths: (i) => ({
    berth_id: i + 1,
    harbour: pick(PLACES, i),
    length_metres: 8 + (i % 300) / 10,
    taken: i % 3 !== 0,
    checked_on: instant((i * 211) % YEAR_SECONDS).slice(0, 10),
  }),
  orders: (i, size) => ({
    id: i + 1,
    customer_id: 1 + ((i * 31) % 60_000),
    total: ((i * 53) % 250_000) / 100,
    status: ['open', 'paid', 'shipped', 'returned'][i % 4],
    updated_at: instant(Math.floor((i * YEAR_SECONDS) / size)),
    lines: [{ sku: `SKU-${String((i % 40_000) + 1).padStart(6, '0')}`, quantity: 1 + (i % 9) }],
  }),
  // Beyond 2^53: a reader that takes this for a double changes its last digits.
  regions: (i) => ({
    id: i + 1,
    name: `Region ${pick(PLACES, i)} ${i + 1}`,
    chart_number: BigInt('9007199254740993') + BigInt(i),
  }),
  deliveries: (region, i) => ({
    delivery_id: `${region}-${i + 1}`,
    region_id: region,
    weight_kilograms: ((i * 17) % 900) / 4,
    arrived: i % 6 !== 0,
  }),
};
