import java.io.File;
import java.io.FileOutputStream;
import org.jacoco.core.analysis.Analyzer;
import org.jacoco.core.analysis.CoverageBuilder;
import org.jacoco.core.analysis.IBundleCoverage;
import org.jacoco.core.analysis.ICounter;
import org.jacoco.core.tools.ExecFileLoader;
import org.jacoco.report.DirectorySourceFileLocator;
import org.jacoco.report.IReportGroupVisitor;
import org.jacoco.report.IReportVisitor;
import org.jacoco.report.xml.XMLFormatter;

/** Writes JaCoCo's XML as its Ant task does, below as many groups as it is told, and prints JaCoCo's counters. */
public class Report {
    public static void main(String[] args) throws Exception {
        ExecFileLoader loader = new ExecFileLoader();
        loader.load(new File(args[0]));
        CoverageBuilder builder = new CoverageBuilder();
        new Analyzer(loader.getExecutionDataStore(), builder).analyzeAll(new File(args[1]));
        IBundleCoverage bundle = builder.getBundle("shop");
        try (FileOutputStream out = new FileOutputStream(args[2])) {
            IReportVisitor root = new XMLFormatter().createVisitor(out);
            root.visitInfo(loader.getSessionInfoStore().getInfos(), loader.getExecutionDataStore().getContents());
            IReportGroupVisitor group = root;
            for (int i = 0; i < Integer.parseInt(args[3]); i++) {
                group = group.visitGroup("group" + i);
            }
            group.visitBundle(bundle, new DirectorySourceFileLocator(new File("."), "UTF-8", 4));
            root.visitEnd();
        }
        print("LINE", bundle.getLineCounter());
        print("INSTRUCTION", bundle.getInstructionCounter());
    }

    private static void print(String name, ICounter c) {
        System.out.println(name + " " + c.getCoveredCount() + "/" + c.getTotalCount());
    }
}
