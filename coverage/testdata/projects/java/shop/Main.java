package shop;

public class Main {
    public static void main(String[] args) {
        Till till = new Till();
        till.put(3);
        System.out.println(till.total(c -> c * 2));
        if (args.length > 0) {
            System.out.println(new Till.Empty().total(c -> c));
        }
    }
}
