-- Sends the requests of a file in turn, in large steps, so that neighbours in the file do not follow each other.
local requests = {}
local next_one, step = 0, 7919

function init()
    local file = assert(io.open(os.getenv("BENCH_REQUESTS"), "rb"))
    for request in file:read("*a"):gmatch("([^%z]+)%z") do
        requests[#requests + 1] = request
    end
    file:close()
end

function request()
    next_one = (next_one + step) % #requests
    return requests[next_one + 1]
end
