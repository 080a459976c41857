-- Counts every answer but 200, and every failure of a connection. WRK_THINK: milliseconds that each connection waits
-- on average before its next request, so that there is always something in flight and the machine is not full of it.

local worker
function setup(thread) worker = thread end

unexpected = 0
function response(status)
  if status ~= 200 then unexpected = unexpected + 1 end
end

local think = tonumber(os.getenv("WRK_THINK"))
function delay() return math.random(0, 2 * think) end

function done(summary)
  local e = summary.errors
  io.write(string.format(
    '\nresult {"requests":%d,"unexpected":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, worker:get("unexpected"), e.connect, e.read, e.write, e.timeout))
end
