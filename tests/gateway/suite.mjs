// What the driver for JavaScript does through a gateway, run by tests/gateway/main.rs as suite.py is. It passes if it ends.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const neo4j = createRequire(import.meta.url)(process.env.DRIVER)
const { GATEWAY, REMOTE, ADMIN_PASSWORD, CAROL_PASSWORD, ONE_PASSWORD, TWO_PASSWORD } = process.env

// A scenario that hangs fails.
setTimeout(() => { throw new Error('it hangs') }, 180_000).unref()

function connect (user, password, scheme = 'bolt') {
  return neo4j.driver(`${scheme}://${GATEWAY}`, neo4j.auth.basic(user, password), { disableLosslessIntegers: true })
}

async function administer (...statements) {
  const driver = connect('admin', ADMIN_PASSWORD)
  for (const statement of statements) await driver.executeQuery(statement, {}, { database: 'system' })
  await driver.close()
}

async function refused (code, work) {
  const error = await work().then(() => assert.fail(`not refused with ${code}`), error => error)
  assert.equal(error.code, code, error.message)
  for (const secret of [REMOTE.split('//')[1], 'stored_one', 'stored_two', ONE_PASSWORD, TWO_PASSWORD]) {
    assert.ok(!`${error} ${error.message}`.includes(secret), error.message)
  }
}

for (const scheme of ['bolt', 'neo4j']) {
  const driver = connect('carol', CAROL_PASSWORD, scheme)
  const { records, summary } = await driver.executeQuery('RETURN $x AS x', { x: 'é' }, { database: 'films' })
  assert.equal(records[0].get('x'), 'é')
  assert.equal(summary.database.name, 'films')

  // At home, with USE, and one transaction after the other.
  const session = driver.session()
  assert.equal((await session.run('RETURN 1 AS n')).records[0].get('n'), 1)
  assert.equal((await session.run('USE books RETURN 2 AS n')).records[0].get('n'), 2)
  await session.close()
  const films = driver.session({ database: 'films', fetchSize: 500 })
  await films.executeWrite(tx => tx.run('CREATE (:FromJavaScript {at: datetime()})'))
  const rows = await films.executeRead(tx => tx.run('UNWIND range(1, 20000) AS n RETURN n'))
  assert.equal(rows.records.length, 20000)
  assert.ok(films.lastBookmarks().every(bookmark => bookmark.startsWith('aliasd:')))
  await refused('Neo.ClientError.Statement.SyntaxError', () => films.run('RETURM 1'))
  await refused('Neo.ClientError.Database.DatabaseNotFound', () => driver.executeQuery('RETURN 1', {}, { database: 'nowhere' }))
  assert.equal((await films.run('RETURN 3 AS n')).records[0].get('n'), 3)
  await films.close()
  await driver.close()
}

const wrong = connect('carol', 'not-her-password')
await refused('Neo.ClientError.Security.Unauthorized', () => wrong.getServerInfo())
await wrong.close()

// An alias that is altered under a managed transaction: it tries again where the alias leads then.
await administer(
  `CREATE OR REPLACE ALIAS moved FOR DATABASE neo4j AT '${REMOTE}' USER stored_one PASSWORD '${ONE_PASSWORD}' DRIVER {ssl_enforced: false}`,
  'GRANT ACCESS ON DATABASE moved TO audience'
)
const driver = connect('carol', CAROL_PASSWORD)
const session = driver.session({ database: 'moved' })
let attempts = 0
await session.executeWrite(async tx => {
  await tx.run('CREATE (:Once)')
  if (attempts++ === 0) {
    await administer(`ALTER ALIAS moved SET DATABASE TARGET neo4j AT '${REMOTE}' USER stored_two PASSWORD '${TWO_PASSWORD}'`)
  }
})
assert.equal(attempts, 2)
assert.equal((await session.run('RETURN COUNT { (:Once) } AS n')).records[0].get('n'), 1)
await session.close()
await driver.close()

const admin = connect('admin', ADMIN_PASSWORD)
const listed = await admin.executeQuery('SHOW CURRENT USER YIELD user', {}, { database: 'system' })
assert.equal(listed.records[0].get('user'), 'admin')
await admin.close()
