-- Hooks that go wrong, each in its way, and some that go well: for the scenarios of faults.

function classify_wrongly(event)
    return event.nothing.more
end

function loop()
    while true do end
end

function quota(context)
    return context.message ~= nil and context.message:find("quota", 1, true) ~= nil
end

function slow_down(context)
    return 2 * context.attempt
end

function give_up()
    return false
end

function halve(request)
    if request.max_tokens and request.leg == 2 then
        return {max_tokens = request.max_tokens // 2}
    end
end

function shuffle()
    return math.random(1, 30)
end
