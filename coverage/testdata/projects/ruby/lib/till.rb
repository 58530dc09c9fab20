class Till
  def initialize
    @amount = 0
  end

  def put(amount)
    if amount.negative?
      raise ArgumentError, 'below zero'
    end
    @amount += amount
  end

  def empty?
    @amount.zero? ? true : false
  end
end
