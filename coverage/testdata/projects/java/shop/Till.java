package shop;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

public class Till {
    private final List<Integer> coins = new ArrayList<>();

    public void put(int coin) {
        if (coin < 0) {
            throw new IllegalArgumentException("below zero");
        }
        coins.add(coin);
    }

    public int total(IntUnaryOperator change) {
        return coins.stream().mapToInt(c -> change.applyAsInt(c)).sum();
    }

    static class Empty extends Till {
        @Override
        public int total(IntUnaryOperator change) { return 0; }
    }
}
