class Till
  # :nocov:
  def debug
    puts @amount
  end
  # :nocov:
end
