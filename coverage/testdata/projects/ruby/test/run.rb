# COMMAND is which of two suites runs; NOCOV loads code that is not to be counted.
require 'simplecov'
SimpleCov.start do
  root File.expand_path('..', __dir__)
  add_filter '/test/'
  command_name ENV.fetch('COMMAND', 'first')
end
require_relative '../lib/till'
require_relative '../lib/debug' if ENV['NOCOV']

till = Till.new
ENV['COMMAND'] == 'second' ? till.empty? : till.put(3)
