<?php

use PHPUnit\Framework\TestCase;

final class StockTest extends TestCase
{
    public function testTake(): void
    {
        $stock = new Shop\Stock();
        $this->assertTrue($stock->isEmpty());
        $stock->add('pen', 2);
        $this->assertSame(1, $stock->take('pen'));
    }
}
