limit = 3

function until_reset(context)
    return limit
end
