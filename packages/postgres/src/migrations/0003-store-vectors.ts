import type { Migration } from "./migration.js";

export const storeVectors: Migration = {
  name: "0003-store-vectors",
  sql: `
    -- What items mean, for search by meaning. Plain float4, so that it is there with pgvector and without; the extension,
    -- where there is one, reads the same column. A vector counts while the item was not written again.
    CREATE TABLE store_vectors (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      namespace text[] COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      item_updated_at timestamptz NOT NULL,
      embedding real[] NOT NULL CHECK (cardinality(embedding) > 0),
      FOREIGN KEY (namespace, key) REFERENCES store_items (namespace, key) ON DELETE CASCADE
    );
    CREATE INDEX store_vectors_of_item ON store_vectors (namespace, key);
    -- Floats do not compress.
    ALTER TABLE store_vectors ALTER COLUMN embedding SET STORAGE EXTERNAL;

    -- The extension is welcome, not needed: without the right to make it, vectors are compared by our processes.
    DO $$
    BEGIN
      IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
        CREATE EXTENSION IF NOT EXISTS vector;
      END IF;
    EXCEPTION WHEN OTHERS THEN
      RAISE NOTICE 'pgvector is there but cannot be used: %', SQLERRM;
    END $$;
  `,
};
