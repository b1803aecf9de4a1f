function wait(context)
    if context.status == 429 and context.class == "rate_limited" then
        return 2 + context.attempt + context.retries
    end
end
