-- SPDX-License-Identifier: GPL-2.0-only
-- For wrk, which knows only a duration: `wrk -t1 ... -s wrk.lua URL -- COUNT FILE` sends COUNT requests,
-- and makes FILE when all are answered. Without it wrk cuts connections in the middle of a response,
-- which a server's log may hold though it never left, or not hold though its first bytes did.
local asked, answered, count, file = 0, 0

function init(args)
	count, file = tonumber(args[1]), args[2]
end

-- Asked before each request how many milliseconds it waits: those beyond COUNT outlast the test.
function delay()
	asked = asked + 1
	return asked > count and 1000000 or 0
end

function response()
	answered = answered + 1
	if answered == count then
		io.open(file, "w"):close()
	end
end
