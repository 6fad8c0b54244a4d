const done = require('child_process').spawnSync('ninesteps-standin', ['cache', 'main'], { stdio: 'inherit' });
process.exit(done.status === null ? 1 : done.status);
